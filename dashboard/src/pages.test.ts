import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillStack } from '../test-support/fill-stack.ts';
import { openDeployments } from '../test-support/deployments.ts';
import { openBrowser } from '../test-support/open-browser.ts';
import { expectAccessible, expectFits, phoneWidths, settle, visit, type Visitor } from '../test-support/visitor.ts';

/** Many pages a test, on machines that do something else too. */
const timeoutMs = 120_000;
const deskWidth = 1280;

let stack: Stack;
let browser: Browser;
/** A customer of the demo account, on a plan of its own. */
let customerPage: { readonly path: string; readonly title: string };
beforeAll(async () => {
  [stack, browser] = await Promise.all([createStack({ ephemeral: true }), openBrowser()]);
  const { customerId } = await fillStack(stack);
  customerPage = { path: `/customers?customer=${customerId}`, title: 'Customer' };
});
afterAll(async () => {
  await browser.close();
  await stack[Symbol.asyncDispose]();
});

/** Every page of an account, its title, and what it says where there is nothing yet. */
const accountPages = [
  { path: '/', title: 'Overview', empty: 'Nothing was refused today' },
  { path: '/connect', title: 'Connect', empty: undefined },
  { path: '/keys', title: 'Keys', empty: 'No keys yet' },
  { path: '/sub-users', title: 'Sub-users', empty: 'No sub-users yet' },
  { path: '/sources', title: 'Authorised sources', empty: 'No sources yet' },
  { path: '/nodes', title: 'Sticky sessions', empty: 'No exit is held' },
  { path: '/availability', title: 'Availability', empty: undefined },
  { path: '/usage', title: 'Usage', empty: 'No traffic in this period' },
  { path: '/rejections', title: 'Rejections', empty: 'Nothing was refused' },
  { path: '/ledger', title: 'Ledger', empty: 'No entries' },
  { path: '/billing', title: 'Billing', empty: 'No invoices yet' },
  { path: '/receipts', title: 'Receipts', empty: 'No receipts yet' },
  { path: '/subscriptions', title: 'Subscriptions', empty: 'No subscriptions yet' },
  { path: '/customers', title: 'Customers', empty: 'No customers yet' },
  { path: '/plans', title: 'Your plans', empty: 'No plans yet' },
  { path: '/webhooks', title: 'Webhooks', empty: 'No endpoints yet' },
  { path: '/account', title: 'Sign-in and sessions', empty: undefined },
] as const;

const operatorPages = [
  { path: '/operator', title: 'Fleet' },
  { path: '/operator/gateways', title: 'Gateways' },
  { path: '/operator/exits', title: 'Exits' },
  { path: '/operator/accounts', title: 'Accounts' },
  { path: '/operator/audit', title: 'Audit log' },
] as const;

async function call(method: string, path: string, token: string, body?: object): Promise<Response> {
  const reply = await fetch(`${stack.info.api}${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(reply.ok).toBe(true);
  return reply;
}

async function visitAs(token: string | undefined, options: { colorScheme?: 'dark' } = {}): Promise<Visitor> {
  return visit(browser, { origin: stack.info.dashboard, ...(token === undefined ? {} : { token }), ...options });
}

async function enterAsOperator({ page }: Pick<Visitor, 'page'>): Promise<void> {
  await page.getByLabel('Token', { exact: true }).fill(stack.info.operator_token);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByLabel('Token', { exact: true }).waitFor({ state: 'detached' });
}

/** Everything that every page has to be, in one visit of all of them. */
async function expectGoodPages(
  visitor: Visitor,
  pages: readonly { path: string; title: string }[],
  widths: readonly number[],
  rules?: readonly string[],
) {
  for (const { path, title } of pages) {
    await visitor.turnTo(path);
    await visitor.page.getByRole('heading', { level: 1, name: title }).waitFor();
    await settle(visitor.page);
    await expectFits(visitor.page, widths);
    await expectAccessible(visitor.page, rules);
  }
  expect(visitor.complaints).toEqual([]);
}

describe('every page', { timeout: timeoutMs }, () => {
  test('of an account is accessible in light, and keeps to its own policy', async () => {
    await using visitor = await visitAs(stack.info.account.token);
    await visitor.open('/keys');
    await expectGoodPages(visitor, [...accountPages, customerPage], [deskWidth]);
  });

  test('of an account has enough contrast in dark, and fits a phone, where no table scrolls sideways', async () => {
    await using visitor = await visitAs(stack.info.account.token, { colorScheme: 'dark' });
    await visitor.open('/keys');
    await expectGoodPages(visitor, [...accountPages, customerPage], phoneWidths, ['color-contrast', 'target-size']);
    // What is not there when a page is opened.
    const { page } = visitor;
    await visitor.turnTo('/webhooks');
    await page
      .getByRole('button', { name: /^Look at/ })
      .first()
      .click();
    await page.getByRole('table', { name: 'Tries' }).waitFor();
    await expectFits(page, phoneWidths);
    await page.getByRole('button', { name: 'Close' }).click();
    await visitor.turnTo('/usage');
    await page.getByLabel('Country', { exact: true }).check();
    await page.getByRole('table', { name: 'Used bytes by country' }).waitFor();
    await expectFits(page, phoneWidths);
  });

  test('is read aloud alike on a desk and on a phone, where the rows of its tables are lists', async () => {
    await using visitor = await visitAs(stack.info.account.token);
    const { page } = visitor;
    await visitor.open('/sources');
    await settle(page);
    const heard = new Set<string>();
    for (const width of [deskWidth, ...phoneWidths]) {
      await page.setViewportSize({ width, height: width });
      const outline = await page.getByRole('table', { name: 'Authorised sources' }).ariaSnapshot();
      // How long ago it was goes on meanwhile.
      heard.add(outline.replaceAll(/just now|\d+ minutes? ago/g, 'lately'));
    }
    const [outline, ...others] = heard;
    expect(outline).toMatch(/columnheader "Stands for"[^]*rowheader "93.184.216.34 IP address"[^]*cell "northwind"/);
    expect(others).toEqual([]);
  });

  test('of the operator is accessible in light and dark, fits a phone, and forgets the token on a reload', async () => {
    for (const [widths, options, rules] of [
      [[deskWidth], {}, undefined],
      [phoneWidths, { colorScheme: 'dark' }, ['color-contrast', 'target-size']],
    ] as const) {
      await using visitor = await visitAs(undefined, options);
      await visitor.open('/operator');
      await expectAccessible(visitor.page);
      await enterAsOperator(visitor);
      const account = { path: `/operator/accounts?account=${stack.info.account.account_id}`, title: 'Account' };
      await expectGoodPages(visitor, [...operatorPages, account], widths, rules);
      await visitor.open('/operator/exits');
      await visitor.page.getByLabel('Token', { exact: true }).waitFor();
    }
  });

  test('says where there is nothing yet, and what to do about it', async () => {
    const made = await call('POST', '/v1/accounts', '', { email: 'empty@example.com', password: 'correct horse' });
    const { token } = (await made.json()) as { token: string };
    await using visitor = await visitAs(token);
    await visitor.open('/keys');
    for (const { path, empty } of accountPages) {
      if (empty === undefined) continue;
      await visitor.turnTo(path);
      await visitor.page.getByRole('heading', { name: empty }).waitFor();
    }
    await visitor.turnTo('/');
    await visitor.page.getByRole('heading', { name: 'First steps' }).waitFor();
    await settle(visitor.page);
    await expectAccessible(visitor.page);
  });

  test('says that it is loading', async () => {
    await using visitor = await visitAs(stack.info.account.token);
    await visitor.open('/keys');
    await settle(visitor.page);
    await visitor.page.route('**/v1/**', () => undefined);
    for (const { path } of accountPages) {
      await visitor.turnTo(path);
      await visitor.page.getByLabel('Loading').first().waitFor();
      expect(await visitor.page.getByRole('alert').count()).toBe(0);
    }
  });

  test('shows a refusal with its code, what fixes it and the request id, and asks again when told to', async () => {
    /** The API looks again after a second. */
    const maintenance = async (on: boolean) => {
      await call('PUT', '/v1/operator/maintenance', stack.info.operator_token, { on });
      await expect
        .poll(async () => (await fetch(`${stack.info.api}/v1/bundles`)).status, { timeout: timeoutMs })
        .toBe(on ? 503 : 200);
    };
    await using visitor = await visitAs(stack.info.account.token);
    await visitor.open('/keys');
    await settle(visitor.page);
    await maintenance(true);
    const alert = visitor.page.getByRole('alert').first();
    for (const { path } of accountPages) {
      await visitor.turnTo(path);
      await alert.waitFor();
      expect(await alert.getByRole('link', { name: 'maintenance' }).getAttribute('href')).toBe(
        '/docs/errors#maintenance',
      );
      expect(await alert.textContent()).toMatch(/Request [0-9a-f-]{36}/);
    }
    await expectAccessible(visitor.page);
    await visitor.turnTo('/keys');
    await alert.waitFor();
    await maintenance(false);
    await visitor.page.getByRole('button', { name: 'Try again' }).click();
    await visitor.page.getByRole('table', { name: 'Keys' }).waitFor();
  });

  test('says that the API cannot be reached', async () => {
    await using visitor = await visitAs(stack.info.account.token);
    await visitor.open('/keys');
    await settle(visitor.page);
    await visitor.context.setOffline(true);
    await visitor.turnTo('/keys');
    await visitor.page.getByRole('button', { name: 'New key' }).click();
    await visitor.page.getByRole('button', { name: 'Make the key' }).click();
    const alert = visitor.page.getByRole('alert');
    await alert.getByRole('link', { name: 'connection_failed' }).waitFor();
    expect(await alert.textContent()).toContain('Check the network connection');
  });
});

/** Somebody who has opened the dashboard, of which newer versions can be deployed. */
async function openBefore(path: string) {
  const deployments = await openDeployments(stack.info.dashboard);
  const visitor = await visit(browser, { origin: deployments.origin, token: stack.info.account.token });
  await visitor.open(path);
  await settle(visitor.page);
  return {
    ...visitor,
    deployments,
    [Symbol.asyncDispose]: async () => {
      await visitor[Symbol.asyncDispose]();
      await deployments[Symbol.asyncDispose]();
    },
  };
}

describe('while it is open and a newer version takes its place', { timeout: timeoutMs }, () => {
  test('a page whose code is gone comes after one reload, at its own address', async () => {
    await using visitor = await openBefore('/connect');
    const { page, deployments } = visitor;
    for (const [link, path, documents] of [
      ['Keys', '/keys', 2],
      ['Ledger', '/ledger', 3],
    ] as const) {
      deployments.deploy();
      await page.getByRole('link', { name: link, exact: true }).click();
      await page.getByRole('heading', { level: 1, name: link }).waitFor();
      await settle(page);
      expect(new URL(page.url()).pathname).toBe(path);
      expect(deployments.documents()).toBe(documents);
    }
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  test('a page whose code no newer version has is reloaded once, and then says so', async () => {
    await using visitor = await openBefore('/connect');
    const { page, deployments } = visitor;
    deployments.lose('keys-page');
    await page.getByRole('link', { name: 'Keys', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'There is a newer version of the dashboard' }).waitFor();
    expect(deployments.documents()).toBe(2);
    await expectAccessible(page);
  });

  test('a key that nobody is shown again is not taken away by a reload, but shown until it is copied', async () => {
    await using visitor = await openBefore('/keys');
    const { page, deployments } = visitor;
    await page.getByRole('button', { name: 'New key' }).first().click();
    await page.getByLabel('Label').fill('before the new version');
    await page.getByRole('button', { name: 'Make the key' }).click();
    const key = (await page.locator('.secret code').textContent()) ?? '';
    deployments.deploy();
    await page.getByRole('link', { name: 'Use it' }).click();
    await page.getByRole('heading', { level: 1, name: 'There is a newer version of the dashboard' }).waitFor();
    expect(await page.locator('.secret code').textContent()).toBe(key);
    expect(deployments.documents()).toBe(1);
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByRole('heading', { level: 1, name: 'Connect' }).waitFor();
    expect(deployments.documents()).toBe(2);
  });

  test('an operator is told that the token will be asked for again', async () => {
    await using visitor = await openBefore('/operator');
    const { page, deployments } = visitor;
    await enterAsOperator(visitor);
    deployments.deploy();
    await page.getByRole('link', { name: 'Exits', exact: true }).click();
    await page.getByText('You will be asked for the operator token again.').waitFor();
    expect(deployments.documents()).toBe(1);
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByLabel('Token', { exact: true }).waitFor();
  });

  test('a page that does not come because the connection is away says so, and reloads nothing', async () => {
    await using visitor = await openBefore('/connect');
    const { page, context, deployments } = visitor;
    deployments.deploy();
    await context.setOffline(true);
    await page.getByRole('link', { name: 'Keys', exact: true }).click();
    await page.getByText('The network connection may be away.').waitFor();
    expect(deployments.documents()).toBe(1);
    await context.setOffline(false);
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor();
  });
});

test('a page that does not exist says so', async () => {
  await using visitor = await visitAs(stack.info.account.token);
  await visitor.open('/no/such/page');
  expect(await visitor.page.getByRole('heading', { level: 1 }).textContent()).toBe('Page not found');
});

test('an empty Reserve is said to be empty', async () => {
  const { operator_token: token } = stack.info;
  const listed = await call('GET', '/v1/operator/exits?limit=100', token);
  const { data } = (await listed.json()) as { data: readonly { id: string }[] };
  await Promise.all(data.map(async ({ id }) => call('DELETE', `/v1/operator/exits/${id}`, token)));
  await using visitor = await visitAs(undefined);
  await visitor.open('/availability');
  await visitor.page.getByRole('heading', { name: 'No live exit' }).waitFor();
  await visitor.turnTo('/operator/exits');
  await enterAsOperator(visitor);
  await visitor.page.getByRole('heading', { name: 'The Reserve is empty' }).waitFor();
  await visitor.turnTo('/connect');
  expect(visitor.complaints).toEqual([]);
});
