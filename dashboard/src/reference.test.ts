import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../test-support/open-browser.ts';
import { visit } from '../test-support/visitor.ts';

const TIMEOUT_MS = 60_000;

let stack: Stack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([createStack({ ephemeral: true }), openBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await stack[Symbol.asyncDispose]();
});

interface Operation {
  readonly operationId: string;
  readonly summary: string;
}

test(
  'the reference shows every operation of the document, and what each answers, under its own policy',
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const reply = await fetch(`${stack.info.api}/v1/openapi.json`);
    const { paths } = (await reply.json()) as { paths: Record<string, Record<string, Operation>> };
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    await using visitor = await visit(browser, { origin: stack.info.api });
    const { page } = visitor;
    const asked = new Set<string>();
    page.on('request', (request) => asked.add(new URL(request.url()).origin));
    // Without its slash, as people type it.
    const opened = await page.goto(`${stack.info.api}/v1/docs`);
    const policy = (await opened?.headerValue('Content-Security-Policy')) ?? '';
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(policy).not.toContain('unsafe');
    await page.locator('.opblock').first().waitFor();
    expect(await page.locator('.opblock').count()).toBe(operations.length);
    const told = (await page.locator('.opblock-summary-description').allTextContents()).toSorted();
    expect(told).toEqual(operations.map(({ summary }) => summary).toSorted());
    await page.locator('#operations-Keys-post_keys .opblock-summary-control').click();
    await page.locator('#operations-Keys-post_keys .responses-wrapper').getByText('payload_too_large').waitFor();
    expect(await page.getByRole('button', { name: 'Try it out' }).count()).toBe(0);
    expect([...asked]).toEqual([new URL(stack.info.api).origin]);
    expect(visitor.complaints).toEqual([]);
    const shot = process.env['REFERENCE_SCREENSHOT'];
    if (shot !== undefined) await page.screenshot({ path: shot });
  },
);
