import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { promisify } from 'node:util';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser } from '../test-support/open-browser.ts';
import { expectAccessible, settle, visit, type Visitor } from '../test-support/visitor.ts';

/** Many pages a test, on machines that do something else too. */
const timeoutMs = 120_000;
const maxInitialScriptBytes = 150_000;

let stack: Stack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([createStack({ ephemeral: true }), openBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await stack[Symbol.asyncDispose]();
});

async function visitAs(token?: string): Promise<Visitor> {
  return visit(browser, { origin: stack.info.dashboard, ...(token === undefined ? {} : { token }) });
}

/** The row of a table that holds a text. */
function rowOf(page: Page, text: string) {
  return page.getByRole('row').filter({ hasText: text });
}

/** What curl prints. The origin that it asks is in this very process, which must not stand still meanwhile. */
async function curl(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('curl', ['--silent', '--max-time', '20', ...args]);
  return stdout;
}

describe('a newcomer', { timeout: timeoutMs }, () => {
  test('signs up, pays, makes a key, tests the string, sends a request and sees it billed', async () => {
    await using visitor = await visitAs();
    const { page } = visitor;
    await visitor.open('/');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Create an account' }).click();
    await page.getByLabel('E-mail').fill('newcomer@example.com');
    await page.getByLabel('Password').fill('short');
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Create an account' }).click();
    await page.getByRole('heading', { name: 'First steps' }).waitFor();

    // Turns back on the payment page first: nothing is charged, and the invoice stays open.
    await page.getByRole('link', { name: 'Buy a bundle' }).click();
    await page.getByRole('button', { name: 'Buy 5 GB' }).click();
    await page.waitForURL((url) => url.origin === new URL(stack.info.stripe.url).origin);
    await page.getByRole('link').first().click();
    await page.getByText('The payment was cancelled').waitFor();
    await rowOf(page, '5 GB').getByRole('link', { name: /^Pay/ }).click();
    await page.locator('button.pay').click();
    await page.getByText('Paid, thank you').waitFor();
    await rowOf(page, '5 GB').filter({ hasText: 'paid' }).waitFor();
    await page.getByText('Balance 5.00 GB').waitFor();

    await page.getByRole('link', { name: 'Keys', exact: true }).click();
    await page.getByRole('button', { name: 'New key' }).first().click();
    await page.getByLabel('Label').fill('first');
    await page.getByLabel('Countries').fill('us, de');
    await page.getByLabel('Bytes a day', { exact: true }).fill('0.5');
    await page.getByRole('button', { name: 'Make the key' }).click();
    const key = (await page.locator('.secret code').textContent()) ?? '';
    expect(key).toMatch(/^mk_live_[0-9A-Za-z]{38}$/);
    expect(await rowOf(page, 'first').textContent()).toContain('500 MB a day · US, DE');

    await page.getByRole('link', { name: 'Use it' }).click();
    await page.getByLabel('Country', { exact: true }).selectOption('US');
    const url = (await page.locator('.secret code').textContent()) ?? '';
    expect(url).toBe(`http://${key}:country-US@${stack.info.gateway.marvel}`);
    await page.getByRole('button', { name: 'Run the test' }).click();
    await page.getByText(/For example 127[.]/).waitFor();
    expect(await page.locator('.steps li').count()).toBe(4);
    await page.getByLabel('Country', { exact: true }).selectOption('FR');
    await page.getByRole('button', { name: 'Run the test' }).click();
    await page.getByText('first is limited to US, DE.').waitFor();
    for (const [format, text] of [
      ['host:port:user:pass', `${stack.info.gateway.marvel}:${key}:country-FR`],
      ['user:pass@host:port', `${key}:country-FR@${stack.info.gateway.marvel}`],
    ] as const) {
      await page.getByLabel(format).check();
      expect(await page.locator('.secret code').textContent()).toBe(text);
    }

    // The string that was shown gets through, a mistaken one is refused, and the pages tell of both.
    const counted = ['--output', '/dev/null', '--write-out', '%{size_download}'];
    await expect
      .poll(() => curl('--proxy', url, ...counted, `${stack.info.echo}/bytes/3000000`), { timeout: timeoutMs })
      .toBe('3000000');
    await curl('--proxy', url.replace('country-US', 'country-US-city-nyc'), stack.info.echo);
    await expect
      .poll(
        async () => {
          // A page asks when it is turned to.
          await visitor.turnTo('/keys');
          await visitor.turnTo('/rejections');
          await settle(page);
          return page.getByRole('link', { name: 'target_unknown_field' }).count();
        },
        { timeout: timeoutMs },
      )
      .toBe(1);
    await visitor.turnTo('/usage');
    await page.getByLabel('Country', { exact: true }).check();
    await rowOf(page, 'United States').waitFor();
    expect(await rowOf(page, 'United States').textContent()).toContain('3.00 MB');

    await visitor.turnTo('/receipts');
    await page.getByRole('button', { name: 'Check it in this browser' }).click();
    await page.getByText('Right to the byte').waitFor();

    await visitor.turnTo('/ledger');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV' }).click(),
    ]);
    const csv = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\r\n');
    expect(csv[0]).toContain('balance_bytes');
    expect(csv.at(-1)).toContain('payment');
    expect(visitor.complaints).toEqual([]);
  });
});

async function post(path: string, body: object, headers = {}): Promise<unknown> {
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers } };
  const reply = await fetch(`${stack.info.api}${path}`, { ...init, body: JSON.stringify(body) });
  expect(reply.status).toBe(201);
  return reply.json();
}

test(
  'who pays from a terminal is told what became of it, without being signed in',
  { timeout: timeoutMs },
  async () => {
    const payer = { email: 'payer@example.com', password: 'correct horse battery' };
    const { token } = (await post('/v1/accounts', payer)) as { token: string };
    const asked = await post('/v1/checkout', { bundle_id: 'bnd_starter' }, { Authorization: `Bearer ${token}` });
    const { checkout_url: url } = asked as { checkout_url: string };
    await using visitor = await visitAs();
    const { page } = visitor;
    await page.goto(url);
    await page.getByRole('link').first().click();
    await page.getByText('The payment was cancelled').waitFor();
    await page.goto(url);
    await page.locator('button.pay').click();
    await page.getByText('Your payment went through').waitFor();
    await expectAccessible(page);
    await page.getByLabel('E-mail').fill(payer.email);
    await page.getByLabel('Password').fill(payer.password);
    await page.keyboard.press('Enter');
    await page.getByText('Paid, thank you').waitFor();
  },
);

describe('a session', { timeout: timeoutMs }, () => {
  test('that was ended elsewhere leads back to the same page after signing in', async () => {
    const { email, password } = stack.info.account;
    await using visitor = await visitAs('sess_0000000000000000000000000000000000000000000');
    const { page } = visitor;
    await page.goto(`${stack.info.dashboard}/keys`);
    await page.getByText('Your session has ended').waitFor();
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill('wrong password');
    await page.keyboard.press('Enter');
    const alert = page.getByRole('alert');
    await alert.getByRole('link', { name: 'unauthenticated' }).waitFor();
    expect(await alert.textContent()).toContain('Check the e-mail address and the password');
    await page.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
    await page.getByRole('table', { name: 'Keys' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out').waitFor();
    expect(await page.evaluate(() => window.sessionStorage.length)).toBe(0);
  });

  test('is forgotten with its tab, and no script of others could read it', async () => {
    await using visitor = await visitAs(stack.info.account.token);
    await visitor.open('/keys');
    const other = await visitor.context.newPage();
    await other.goto(`${stack.info.dashboard}/keys`);
    await other.getByRole('heading', { name: 'Sign in' }).waitFor();
    const ran = await visitor.page.evaluate(() => {
      const script = document.createElement('script');
      try {
        script.textContent = 'window.stolen = true';
      } catch {
        return 'refused';
      }
      document.body.append(script);
      return 'stolen' in window ? 'ran' : 'refused';
    });
    expect(ran).toBe('refused');
  });
});

/** Presses Tab until the focus is on something of this name; gives up after a whole round of the page. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const maxStops = 80;
  for (let stops = 0; stops < maxStops; stops += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const at = document.activeElement;
      if (at instanceof HTMLInputElement) return at.labels?.[0]?.textContent ?? '';
      return at?.getAttribute('aria-label') ?? at?.textContent ?? '';
    });
    if (typeof name === 'string' ? focused === name : name.test(focused)) return;
  }
  throw new Error(`the keyboard does not reach ${String(name)}`);
}

test(
  'the keyboard alone signs in, turns pages, and makes, edits and revokes a key',
  { timeout: timeoutMs },
  async () => {
    const { email, password } = stack.info.account;
    await using visitor = await visitAs();
    const { page } = visitor;
    const { keyboard } = page;
    await visitor.open('/');
    await tabTo(page, 'E-mail');
    await keyboard.type(email);
    await keyboard.press('Tab');
    await keyboard.type(password);
    await keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();

    await tabTo(page, 'Keys');
    await keyboard.press('Enter');
    await page.getByRole('table', { name: 'Keys' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');

    const dialog = page.getByRole('dialog');
    await tabTo(page, 'New key');
    await keyboard.press('Enter');
    await dialog.waitFor();
    await tabTo(page, 'Label');
    await keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('New key');

    await keyboard.press('Enter');
    await dialog.waitFor();
    await tabTo(page, 'Label');
    await keyboard.type('by keyboard');
    await keyboard.press('Enter');
    await page.getByText('The key of by keyboard').waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    await tabTo(page, 'Edit by keyboard');
    await keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo(page, 'Countries');
    await keyboard.type('nowhere');
    await keyboard.press('Enter');
    await page.getByText('must be two upper-case letters', { exact: true }).waitFor();
    await expectAccessible(page);
    await keyboard.press('Escape');

    await tabTo(page, 'Revoke by keyboard');
    await keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo(page, 'Revoke');
    await keyboard.press('Enter');
    await rowOf(page, 'by keyboard').waitFor({ state: 'detached' });
    expect(visitor.complaints).toEqual([]);
  },
);

test.for([
  { opener: 'New key', width: 1280 },
  { opener: 'Menu', width: 390 },
])(
  'what $opener opens, opens again at the Enter that follows Escape at once',
  { timeout: timeoutMs },
  async ({ opener, width }) => {
    const { dashboard: origin, account } = stack.info;
    await using visitor = await visit(browser, { origin, token: account.token, width });
    const { page } = visitor;
    const dialog = page.getByRole('dialog');
    await visitor.open('/keys');
    await page.getByRole('button', { name: opener }).first().press('Enter');
    await dialog.waitFor();
    // Neither waits for the other, so that no frame comes between them.
    await Promise.all([page.keyboard.press('Escape'), page.keyboard.press('Enter')]);
    await dialog.waitFor();
    expect(visitor.complaints).toEqual([]);
  },
);

test(
  'an endpoint hears of a low balance, and its delivery is looked at and sent again',
  { timeout: timeoutMs },
  async () => {
    let heard = 0;
    const server = createServer((_, reply) => {
      heard += 1;
      reply.writeHead(204).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await using visitor = await visitAs(stack.info.account.token);
    const { page } = visitor;
    await visitor.open('/webhooks');
    await page.getByRole('button', { name: 'New endpoint' }).first().click();
    await page.getByLabel('URL').fill(`http://127.0.0.1:${port}/hook`);
    await page.getByRole('button', { name: 'Make the endpoint' }).click();
    expect(await page.locator('.secret code').textContent()).toMatch(/^whsec_[0-9a-f]{64}$/);
    await page.getByLabel('Marks, in GB').fill('9');
    await page.getByRole('button', { name: 'Save the marks' }).click();
    await page.getByText('Told at 9.00 GB').waitFor();
    const took = await fetch(`${stack.info.api}/v1/operator/accounts/${stack.info.account.account_id}/adjust`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${stack.info.operator_token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ bytes: -2_000_000_000, reason: 'to come below the mark' }),
    });
    expect(took.status).toBe(200);
    await stack.edge.runScheduled();
    await expect
      .poll(
        async () => {
          await visitor.turnTo('/keys');
          await visitor.turnTo('/webhooks');
          await settle(page);
          return rowOf(page, 'balance.low').filter({ hasText: 'delivered' }).count();
        },
        { timeout: timeoutMs },
      )
      .toBe(1);
    expect(heard).toBe(1);
    await page.getByRole('button', { name: /^Look at/ }).click();
    await page.getByText('"threshold_bytes": 9000000000').waitFor();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /^Send again/ }).click();
    await page.getByText('balance.low is sent again').waitFor();
    server.close();
    server.closeAllConnections();
  },
);

/** An exit as an operator imports it. */
function exitLine(ip: string, intact: boolean) {
  return {
    network: 'residential',
    country: 'SE',
    asn: 64_511,
    exit_ip: ip,
    transport: { type: 'socks5', host: '192.0.2.1', port: 1080, tls: false },
    expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    evidence: {
      reachable: true,
      egress_ip_matches: true,
      egress_country: 'SE',
      egress_network: 'residential',
      tls_intact: intact,
      headers_intact: true,
      dns_at_exit: true,
      blocklists: 0,
      abuse_score: 0,
      connect_ms: 50,
      success_percent: 100,
    },
  };
}

test(
  'the operator imports exits line by line, finds an account, adjusts its balance, suspends it and lets it go on, and checks the ledger',
  { timeout: timeoutMs },
  async () => {
    await using visitor = await visitAs();
    const { page } = visitor;
    await visitor.open('/operator/exits');
    await page.getByLabel('Token', { exact: true }).fill('not-the-token-of-anyone');
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Token', { exact: true }).fill(stack.info.operator_token);
    await page.getByRole('button', { name: 'Go on' }).click();
    const lines = [exitLine('192.0.2.10', true), exitLine('192.0.2.11', false), { network: 'moon' }].map((line) =>
      JSON.stringify(line),
    );
    await page.getByRole('textbox', { name: 'Exits' }).fill([...lines, 'not json'].join('\n'));
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    const report = page.getByRole('table', { name: 'Lines that were not taken' });
    await report.waitFor();
    expect(await page.getByText('1 added').count()).toBe(1);
    expect(await rowOf(page, 'refused by the gate tls').count()).toBe(1);
    expect(await rowOf(page, 'is not JSON').textContent()).toMatch(/^4/);
    await rowOf(page, '192.0.2.10').getByRole('button', { name: /^Drop/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Drop' }).click();
    await rowOf(page, '192.0.2.10').waitFor({ state: 'detached' });

    await visitor.turnTo('/operator/accounts');
    await page.getByLabel('E-mail or id').fill('nobody@example.com');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByRole('heading', { name: 'No such account' }).waitFor();
    await page.getByLabel('E-mail or id').fill(stack.info.account.account_id);
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByText(stack.info.account.email, { exact: true }).waitFor();
    await page.getByLabel('Amount in GB').fill('1.5');
    await page.getByLabel('Reason').fill('goodwill');
    await page.getByRole('button', { name: 'Adjust', exact: true }).click();
    await page.getByText('Entered in the ledger').waitFor();
    await rowOf(page, 'goodwill').filter({ hasText: '+1.50 GB' }).waitFor();
    for (const [opens, does, then] of [
      ['Suspend', 'Suspend', 'suspended'],
      ['Lift the suspension', 'Lift', 'active'],
    ] as const) {
      await page.getByRole('button', { name: opens, exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Reason').fill(`to be ${then}`);
      await expectAccessible(page);
      await dialog.getByRole('button', { name: does, exact: true }).click();
      await page.locator('.badge').getByText(then, { exact: true }).waitFor();
    }
    await settle(page);
    await expectAccessible(page);
    await visitor.turnTo('/operator/audit');
    await page.getByLabel('Action').fill('account.suspend');
    await page.getByRole('button', { name: 'Filter' }).click();
    await rowOf(page, 'account.unsuspend').waitFor({ state: 'detached' });
    await rowOf(page, 'to be suspended').getByRole('link', { name: stack.info.account.account_id }).click();
    await page.getByRole('heading', { level: 1, name: 'Account', exact: true }).waitFor();

    await visitor.turnTo('/operator');
    await page.getByRole('button', { name: 'Read the whole ledger' }).click();
    await page.getByText('Everything adds up').waitFor();
    expect(visitor.complaints).toEqual([]);
  },
);

test(
  'a reseller authorises an address, makes a plan and a customer, and pauses, resumes and cancels what the customer is on',
  { timeout: timeoutMs },
  async () => {
    await using visitor = await visitAs(stack.info.account.token);
    const { page } = visitor;
    const dialog = page.getByRole('dialog');
    await visitor.open('/sources');
    await page.getByRole('button', { name: 'New source' }).first().click();
    await dialog.getByLabel('Address').fill('10.0.0.1');
    await dialog.getByRole('button', { name: 'Authorise it' }).click();
    await dialog.getByText('must be a public address', { exact: true }).waitFor();
    await expectAccessible(page);
    await dialog.getByLabel('Address').fill('8.8.8.8');
    await dialog.getByLabel('Sub-user').selectOption({ label: stack.info.sub_user.username });
    await dialog.getByRole('button', { name: 'Authorise it' }).click();
    expect(await rowOf(page, '8.8.8.8').textContent()).toContain(stack.info.sub_user.username);
    await page.getByRole('button', { name: 'Remove 8.8.8.8' }).click();
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('heading', { name: 'No sources yet' }).waitFor();

    await visitor.turnTo('/plans');
    await page.getByRole('button', { name: 'New plan' }).first().click();
    await dialog.getByLabel('Name').fill('Pro');
    await dialog.getByLabel('GB each period').fill('5');
    await dialog.getByLabel('Price').fill('15.50');
    await dialog.getByLabel('A period is').fill('13');
    await dialog.getByRole('button', { name: 'Make the plan' }).click();
    await dialog.getByText('must make a period of a year at most', { exact: true }).waitFor();
    await expectAccessible(page);
    await dialog.getByLabel('A period is').fill('1');
    await dialog.getByRole('button', { name: 'Make the plan' }).click();
    expect(await rowOf(page, 'Pro').textContent()).toContain('$15.50 a month');

    await visitor.turnTo('/customers');
    await page.getByRole('button', { name: 'New customer' }).first().click();
    await dialog.getByLabel('Name').fill('Ada');
    await dialog.getByLabel('Sub-user').selectOption({ label: stack.info.sub_user.username });
    await dialog.getByRole('button', { name: 'Make the customer' }).click();
    await page.getByRole('link', { name: 'Ada' }).click();
    await page.getByRole('button', { name: 'Put on a plan' }).click();
    await dialog.getByRole('button', { name: 'Begin' }).click();
    for (const [step, status] of [
      ['Pause', 'paused'],
      ['Resume', 'active'],
    ] as const) {
      await page.getByRole('button', { name: `${step} Pro` }).click();
      await rowOf(page, 'Pro').getByText(status, { exact: true }).waitFor();
    }
    await page.getByRole('button', { name: 'Cancel Pro' }).click();
    await dialog.getByText('Its period ends on').waitFor();
    await expectAccessible(page);
    await dialog.getByLabel('At once').check();
    await dialog.getByRole('button', { name: 'Cancel it' }).click();
    await rowOf(page, 'Pro').getByText('cancelled', { exact: true }).waitFor();
    await visitor.turnTo('/customers');
    await page.getByRole('button', { name: 'Delete Ada' }).click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { name: 'No customers yet' }).waitFor();
    await visitor.turnTo('/plans');
    await page.getByRole('button', { name: 'Retire Pro' }).click();
    await rowOf(page, 'Pro').getByText('retired', { exact: true }).waitFor();
    expect(visitor.complaints).toEqual([]);
  },
);

test('the initial load is small', { timeout: timeoutMs }, async () => {
  for (const path of ['/', '/usage', '/keys']) {
    await using visitor = await visitAs(stack.info.account.token);
    const scripts = new Map<string, number>();
    visitor.page.on('response', (response) => {
      if (response.request().resourceType() === 'script') {
        scripts.set(response.url(), 0);
      }
    });
    await visitor.open(path);
    await settle(visitor.page);
    for (const url of scripts.keys()) {
      const body = await (await fetch(url)).arrayBuffer();
      scripts.set(url, gzipSync(new Uint8Array(body)).length);
    }
    const total = [...scripts.values()].reduce((sum, size) => sum + size, 0);
    expect(scripts.size).toBeGreaterThan(1);
    expect(total).toBeLessThan(maxInitialScriptBytes);
  }
});

interface Operation {
  readonly operationId: string;
  readonly summary: string;
}

test(
  'the reference shows every operation of the document, and what each answers, under its own policy',
  { timeout: timeoutMs },
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
