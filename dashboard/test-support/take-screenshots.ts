// Takes a picture of every page of the dashboard, in light and dark, on a desk and on a phone, with data of several days:
// `node dashboard/test-support/take-screenshots.ts <folder> [part of a page's name]`.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from './open-browser.ts';
import { settle, visit } from './visitor.ts';
import { fillStack, type Shown } from './fill-stack.ts';

const views = [
  { name: 'desk-light', colorScheme: 'light', width: 1280 },
  { name: 'desk-dark', colorScheme: 'dark', width: 1280 },
  { name: 'phone-light', colorScheme: 'light', width: 390 },
  { name: 'phone-dark', colorScheme: 'dark', width: 390 },
] as const;

/** What is done on a page before its picture is taken. */
type Act = (page: Page) => Promise<void>;

/** Drawn once its numbers and the code of charts have come. */
async function showByCountry(page: Page): Promise<void> {
  await page.getByLabel('Country', { exact: true }).check();
  await page.locator('.legend-list li').nth(1).waitFor();
  await page.waitForFunction(() => document.querySelector('.chart canvas') !== null);
  await page.evaluate(async () => new Promise((resolve) => setTimeout(resolve, 300)));
}

function pagesOf({ customerId, accountId }: Shown): readonly (readonly [name: string, path: string, act?: Act])[] {
  return [
    ['overview', '/'],
    ['connect', '/connect'],
    ['keys', '/keys'],
    ['key-dialog', '/keys', async (page) => page.getByRole('button', { name: 'New key' }).click()],
    ['sub-users', '/sub-users'],
    ['sources', '/sources'],
    ['sessions', '/nodes'],
    ['availability', '/availability', async (page) => page.locator('svg.world path').first().waitFor()],
    ['usage', '/usage'],
    ['usage-by-country', '/usage', showByCountry],
    ['rejections', '/rejections'],
    ['ledger', '/ledger'],
    ['receipts', '/receipts'],
    ['customers', '/customers'],
    ['customer', `/customers?customer=${customerId}`],
    ['plans', '/plans'],
    ['billing', '/billing'],
    ['subscriptions', '/subscriptions'],
    ['webhooks', '/webhooks'],
    ['account', '/account'],
    ['operator-fleet', '/operator'],
    ['operator-gateways', '/operator/gateways'],
    ['operator-exits', '/operator/exits'],
    ['operator-accounts', '/operator/accounts'],
    ['operator-account', `/operator/accounts?account=${accountId}`],
    ['operator-audit', '/operator/audit'],
  ];
}

async function takeAll(
  { browser, stack, shown }: { readonly browser: Browser; readonly stack: Stack; readonly shown: Shown },
  folder: string,
  wanted: string,
): Promise<void> {
  const { dashboard: origin, account, operator_token: token } = stack.info;
  for (const { name: view, ...options } of views) {
    await using visitor = await visit(browser, { origin, token: account.token, ...options });
    const { page } = visitor;
    await visitor.open('/operator');
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByLabel('Token', { exact: true }).waitFor({ state: 'detached' });
    for (const [name, path, act] of pagesOf(shown)) {
      if (!name.includes(wanted)) continue;
      await visitor.turnTo(path);
      await settle(page);
      await act?.(page);
      await settle(page);
      await page.screenshot({ path: join(folder, `${name}.${view}.png`), fullPage: true });
    }
    await using stranger = await visit(browser, { origin, ...options });
    await stranger.open('/billing?invoice=inv_0&checkout=done');
    await stranger.page.screenshot({ path: join(folder, `gate.${view}.png`), fullPage: true });
  }
}

const [folder, wanted = ''] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: take-screenshots.ts <folder> [part of a page’s name]');
await mkdir(folder, { recursive: true });
const [stack, browser] = await Promise.all([createStack({ ephemeral: true }), openBrowser()]);
try {
  await takeAll({ browser, stack, shown: await fillStack(stack) }, folder, wanted);
} finally {
  await browser.close();
  await stack[Symbol.asyncDispose]();
}
