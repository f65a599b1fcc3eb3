import { AxeBuilder } from '@axe-core/playwright';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../test-support/open-browser.ts';

let stack: Stack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([createStack({ ephemeral: true }), openBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await stack[Symbol.asyncDispose]();
});

test('the dashboard runs under its own policy', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(stack.info.dashboard);
  await page.getByRole('heading', { level: 1 }).waitFor();
  expect(complaints).toEqual([]);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
  await context.close();
});
