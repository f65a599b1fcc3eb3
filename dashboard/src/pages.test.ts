import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser } from '../test-support/open-browser.ts';
import { expectAccessible, expectFits, settle, visit, type Visitor } from '../test-support/visitor.ts';

/** Many pages a test, on machines that do something else too. */
const timeoutMs = 120_000;

let stack: Stack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([createStack({ ephemeral: true }), openBrowser()]);
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

/** A customer of the demo account, on a plan of its own. */
let customerPage: { readonly path: string; readonly title: string };

async function call(method: string, path: string, token: string, body?: object): Promise<Response> {
  const reply = await fetch(`${stack.info.api}${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(reply.ok).toBe(true);
  return reply;
}

async function make(path: string, body: object): Promise<string> {
  const made = (await (await call('POST', path, stack.info.account.token, body)).json()) as { id: string };
  return made.id;
}

async function visitAs(
  token: string | undefined,
  options: { colorScheme?: 'dark'; width?: number } = {},
): Promise<Visitor> {
  return visit(browser, { origin: stack.info.dashboard, ...(token === undefined ? {} : { token }), ...options });
}

async function enterAsOperator({ page }: Visitor): Promise<void> {
  await page.getByLabel('Token', { exact: true }).fill(stack.info.operator_token);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByLabel('Token', { exact: true }).waitFor({ state: 'detached' });
}

/** Everything that every page has to be, in one visit of all of them. */
async function expectGoodPages(
  visitor: Visitor,
  pages: readonly { path: string; title: string }[],
  rules?: readonly string[],
) {
  for (const { path, title } of pages) {
    await visitor.turnTo(path);
    await visitor.page.getByRole('heading', { level: 1, name: title }).waitFor();
    await settle(visitor.page);
    await expectFits(visitor.page);
    await expectAccessible(visitor.page, rules);
  }
  expect(visitor.complaints).toEqual([]);
}

beforeAll(async () => {
  // So that no table of the demo account is empty.
  const { token } = stack.info.account;
  await call('POST', '/v1/nodes', token, { country: 'DE', session: 'shown_1' });
  await call('POST', '/v1/checkout', token, { bundle_id: 'bnd_starter' });
  const subUser = await make('/v1/sub-users', { username: 'shown', limits: { threads: 3 } });
  await make('/v1/authorized-sources', { kind: 'ip', value: '8.8.4.4', sub_user: subUser });
  await make('/v1/authorized-sources', { kind: 'hostname', value: 'shown.example.com' });
  const terms = { name: 'Pro', bytes: 5_000_000_000, price_cents: 1500, currency: 'usd', interval: 'month' };
  const plan = await make('/v1/plans', terms);
  const customer = await make('/v1/customers', { name: 'Ada', email: 'ada@example.com', sub_user_id: subUser });
  await make('/v1/subscriptions', { plan_id: plan, customer_id: customer });
  customerPage = { path: `/customers?customer=${customer}`, title: 'Customer' };
});

describe('every page', { timeout: timeoutMs }, () => {
  test('of an account is accessible in light, and keeps to its own policy', async () => {
    await using visitor = await visitAs(stack.info.account.token);
    await visitor.open('/keys');
    await expectGoodPages(visitor, [...accountPages, customerPage]);
  });

  test('of an account has enough contrast in dark, and fits a phone', async () => {
    await using visitor = await visitAs(stack.info.account.token, { colorScheme: 'dark', width: 360 });
    await visitor.open('/keys');
    await expectGoodPages(visitor, [...accountPages, customerPage], ['color-contrast', 'target-size']);
  });

  test('of the operator is accessible in light and dark, and forgets the token on a reload', async () => {
    for (const options of [{}, { colorScheme: 'dark' as const, width: 360 }]) {
      await using visitor = await visitAs(undefined, options);
      await visitor.open('/operator');
      await expectAccessible(visitor.page);
      await enterAsOperator(visitor);
      const account = { path: `/operator/accounts?account=${stack.info.account.account_id}`, title: 'Account' };
      await expectGoodPages(visitor, [...operatorPages, account], 'width' in options ? ['color-contrast'] : undefined);
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
