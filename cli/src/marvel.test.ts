import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { Marvel } from '@marvel/sdk';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildMarvel, dist, runMarvel, type Ran, type RunOptions } from '../test-support/run-marvel.ts';
import { exitCodes } from './exit-code.ts';
import { stepNames } from './proxy-test/steps.ts';

const password = 'correct horse battery';
let stack: Stack;
let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'marvel-cli-'));
  [stack] = await Promise.all([createStack({ ephemeral: true }), buildMarvel()]);
  await mkdir(join(home, '.marvel'));
  await writeFile(join(home, '.marvel', 'stack.json'), JSON.stringify(stack.info));
});
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

/** As somebody with an account of one's own. */
async function marvel(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { api, gateway } = stack.info;
  return runMarvel(words, {
    ...options,
    env: { HOME: home, MARVEL_API: api, MARVEL_GATEWAY: gateway.marvel, ...options.env },
  });
}

/** As somebody who runs a local stack. */
async function local(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return runMarvel(['--local', ...words], { cwd: home, env: { HOME: home }, ...options });
}

const settingsFile = () => join(home, '.config', 'marvel', 'config.json');

describe('an account', () => {
  test('is made, signed in to, remembered for its owner alone, and left', async () => {
    const email = ['--email', 'cli@example.com', '--password-stdin'];
    const made = await marvel(['signup', ...email], { input: `${password}\n` });
    expect(made).toMatchObject({ code: 0, out: 'Signed in as cli@example.com.\n' });
    expect((await stat(settingsFile())).mode & 0o777).toBe(0o600);
    expect((await stat(join(settingsFile(), '..'))).mode & 0o777).toBe(0o700);
    expect((await marvel(['whoami', '--json'])).json).toMatchObject({ email: 'cli@example.com' });

    expect(await marvel(['logout'])).toMatchObject({ code: 0, out: 'Signed out.\n' });
    expect(await marvel(['whoami'])).toMatchObject({ code: exitCodes.unauthenticated, out: '' });
    const wrong = await marvel(['login', ...email], { input: 'wrong' });
    expect(wrong).toMatchObject({ code: exitCodes.unauthenticated, out: '' });
    expect(wrong.err).toContain(`See: ${stack.info.api}/docs/errors#unauthenticated`);
    const env = { MARVEL_PASSWORD: password };
    const again = await marvel(['login', '--email', 'cli@example.com', '--json'], { env });
    expect(again).toMatchObject({ code: 0, err: '' });
    expect(again.out).not.toContain('sess_');
  });

  test('makes, saves, limits, lists, rotates and revokes keys', async () => {
    const created = await marvel([
      'keys',
      'create',
      '--label',
      'crawler',
      '--bytes-per-day',
      '1.5GB',
      '--countries',
      'us,de',
    ]);
    expect(created.out).toMatch(/^mk_live_[0-9A-Za-z]{38}\n$/);
    expect(created.err).toMatch(/^Key key_\w+\. It is not shown again\.\n$/);
    const [key] = (await marvel(['keys', 'list', '--json'])).json as { id: string; limits: object }[];
    expect(key?.limits).toEqual({ bytes_per_day: 1_500_000_000, countries: ['US', 'DE'] });
    const rotated = await marvel(['keys', 'rotate', key?.id ?? '', '--save', '--json']);
    const { key: secret } = rotated.json as { key: string };
    expect(JSON.parse(await readFile(settingsFile(), 'utf8'))).toMatchObject({ key: secret });
    expect((await marvel(['keys', 'list'])).out).toMatch(/^ID +PREFIX +LABEL .*\nkey_\w+ +mk_live_\w{4}… +crawler /);
    const { id } = rotated.json as { id: string };
    expect((await marvel(['keys', 'revoke', id])).code).toBe(0);
    expect(await marvel(['keys', 'list'])).toMatchObject({
      code: 0,
      out: 'No keys yet. Make one with `marvel keys create`.\n',
    });
    expect(await marvel(['keys', 'revoke', 'key_00000000'])).toMatchObject({ code: exitCodes.refused });
  });

  test('makes and deletes sub-users', async () => {
    const made = (await marvel(['sub-users', 'create', 'cli_user', '--threads', '3', '--json'])).json as { id: string };
    expect((await marvel(['sub-users', 'rotate', made.id])).out).toMatch(/^cli_user:\S+\n$/);
    expect((await marvel(['sub-users', 'list'])).out).toContain('cli_user');
    expect((await marvel(['sub-users', 'delete', made.id])).code).toBe(0);
    expect((await marvel(['sub-users', 'list', '--json'])).json).toEqual([]);
  });

  test('authorises addresses and host names, under the limits of a sub-user too, and takes them back', async () => {
    expect((await marvel(['sources', 'list'])).out).toMatch(/^No sources yet\./);
    const user = (await marvel(['sub-users', 'create', 'cli_source', '--json'])).json as { id: string };
    const made = await marvel(['sources', 'add', '2606:4700:0:0::1111', '--sub-user', user.id]);
    expect(made.out).toMatch(/^src_\w+\n$/);
    expect(made.err).toBe('2606:4700::1111 is authorised. Gateways know within two seconds.\n');
    const id = made.out.trim();
    expect((await marvel(['sources', 'list'])).out).toMatch(
      new RegExp(`^ID +SOURCE .*\\n${id} +2606:4700::1111 +2606:4700::1111 +- +${user.id} `),
    );
    const named = await marvel(['sources', 'add', 'nobody.invalid.example.com', '--json']);
    expect(named).toMatchObject({ code: 0, err: '', json: { kind: 'hostname', sub_user: null } });
    for (const range of ['8.8.8.0/24', '8.8.8', '8.8.8.8:80']) {
      const refused = await marvel(['sources', 'add', range]);
      expect(refused).toMatchObject({ code: exitCodes.refused, out: '' });
      expect(refused.err).toMatch(/^error: value: must be an IPv4 or IPv6 address \(invalid\)\nFix: /);
    }
    expect((await marvel(['sources', 'add', 'localhost'])).err).toContain('value: must be a public host name');
    expect((await marvel(['sources', 'remove', id])).out).toContain(`Removed ${id}.`);
    expect((await marvel(['sources', 'remove', id])).code).toBe(exitCodes.refused);
    const { id: other } = named.json as { id: string };
    expect((await marvel(['sources', 'remove', other, '--json'])).json).toEqual({ id: other, removed: true });
    expect((await marvel(['sources', 'list', '--json'])).json).toEqual([]);
    expect((await marvel(['sub-users', 'delete', user.id])).code).toBe(0);
  });

  test('sees what is on sale, and where to pay', async () => {
    const [bundle] = (await marvel(['buy', '--json'])).json as { id: string }[];
    const bought = await marvel(['buy', bundle?.id ?? '']);
    expect(bought.out).toContain(stack.info.stripe.url);
    expect((await marvel(['invoices'])).out).toContain(' open ');
  });

  test('waits until what it buys is paid, and shows where to pay also to scripts', async () => {
    const [bundle] = (await marvel(['buy', '--json'])).json as { id: string }[];
    let paying: Promise<Response> | undefined;
    const bought = await marvel(['buy', bundle?.id ?? '', '--wait', '--json'], {
      onErr(err) {
        const [, url] = /^Pay at (\S+)\n/.exec(err) ?? [];
        if (url === undefined) return;
        paying ??= fetch(url, { method: 'POST', body: new URLSearchParams({ action: 'pay' }), redirect: 'manual' });
      },
    });
    expect((await paying)?.status).toBe(303);
    expect(bought.code).toBe(0);
    expect(bought.json).toMatchObject({ status: 'paid' });
    const { id } = bought.json as { id: string };
    const ledger = await marvel(['ledger']);
    expect(ledger.out).toMatch(new RegExp(`^ID +AT +CAUSE .*\\n\\d+ .* payment +\\S+ GB +.* ${id}\\n$`));
    const csv = await marvel(['ledger', '--csv', '--cause', 'payment']);
    expect(csv.out).toMatch(new RegExp(`^id,at,cause,.*\\r?\\n\\d+,.*,payment,.*${id}`));
    expect(await marvel(['ledger', '--csv', '--json'])).toMatchObject({ code: exitCodes.usage, out: '' });
  });

  test('makes API keys, which are shown once, and revokes them', async () => {
    const made = await marvel(['api-keys', 'create', '--label', 'report', '--access', 'read']);
    expect(made.out).toMatch(/^ma_live_\S+\n$/);
    const listed = await marvel(['api-keys', 'list']);
    expect(listed.out).toMatch(/^ID +PREFIX .*\n\S+ +ma_live_\w+… +report +read /);
    expect(listed.out).not.toContain(made.out.trim());
    const [, id = ''] = /^API key (\S+)\./.exec(made.err) ?? [];
    expect((await marvel(['api-keys', 'revoke', id])).code).toBe(0);
    expect((await marvel(['api-keys', 'list', '--json'])).json).toEqual([]);
  });

  test('holds sticky exits by name, and lets them go', async () => {
    const held = (await marvel(['nodes', 'hold', 'us', '--session', 'cart', '--json'])).json as { exit_ip: string };
    expect((await marvel(['nodes', 'list'])).out).toMatch(
      new RegExp(`\\ncart +US +${held.exit_ip} .* country-us-session-cart`, 'i'),
    );
    expect((await marvel(['nodes', 'rotate', 'cart', '--json'])).json).toMatchObject({ session: 'cart' });
    expect((await marvel(['nodes', 'release', 'cart'])).code).toBe(0);
    expect((await marvel(['nodes', 'list', '--json'])).json).toEqual([]);
    expect((await marvel(['nodes', 'rotate', 'cart'])).code).toBe(exitCodes.refused);
  });

  test('sells a plan to a customer, and pauses, resumes and ends the subscription', async () => {
    const plan = await marvel(['plans', 'create', '--name', 'Small', '--bytes', '5GB', '--price', '7.50']);
    const user = (await marvel(['sub-users', 'create', 'cli_sold', '--json'])).json as { id: string };
    const customer = await marvel(['customers', 'create', 'Ada', '--email', 'ada@example.com', '--sub-user', user.id]);
    expect((await marvel(['customers', 'list'])).out).toMatch(/\n\S+ +Ada +ada@example\.com /);
    const made = await marvel(['subscribe', plan.out.trim(), '--customer', customer.out.trim()]);
    const id = made.out.trim();
    expect((await marvel(['subscriptions', 'pause', id])).out).toBe(`${id} is paused.\n`);
    expect((await marvel(['subscriptions', 'list', '--status', 'paused'])).out).toMatch(
      /\n\S+ +paused +Small +\S+ +5\.00 GB +7\.50 USD +month /,
    );
    expect((await marvel(['subscriptions', 'resume', id])).out).toBe(`${id} is active.\n`);
    expect((await marvel(['subscriptions', 'cancel', id])).out).toBe(`${id} is cancelled.\n`);
    expect((await marvel(['subscriptions', 'resume', id])).code).toBe(exitCodes.refused);
    expect((await marvel(['plans', 'retire', plan.out.trim()])).out).toContain('takes no new subscriptions now');
    expect((await marvel(['plans', 'list', '--json'])).json).toContainEqual(
      expect.objectContaining({ name: 'Small', active: false }),
    );
  });

  test('goes on a plan of Marvel that an operator makes, by the page to pay on', async () => {
    const terms = ['--name', 'Big', '--bytes', '50GB', '--price', '90', '--every', 'week', '--intervals', '2'];
    const plan = await local(['operator', 'plans', 'create', ...terms]);
    expect((await marvel(['plans', 'list'])).out).toMatch(/ Marvel +Big +50\.0 GB +90\.00 USD +2 weeks +yes\n/);
    const gone = await marvel(['subscribe', plan.out.trim()]);
    expect(gone.out).toContain(stack.info.stripe.url);
    expect(gone.err).toMatch(/^Pay there\./);
  });

  test('hears of events at an endpoint, sees what was sent, and has it sent again', async () => {
    const made = await marvel(['webhooks', 'create', 'http://127.0.0.1:9/', '--events', 'invoice.paid']);
    expect(made.out).toMatch(/^whsec_[0-9a-f]{64}\n$/);
    const [, endpoint = ''] = /^Endpoint (\S+)\./.exec(made.err) ?? [];
    expect((await marvel(['webhooks', 'list'])).out).toMatch(/\n\S+ +http:\S+ +invoice\.paid +enabled /);
    const [bundle] = (await marvel(['buy', '--json'])).json as { id: string }[];
    const { out: url } = await marvel(['buy', bundle?.id ?? '']);
    await fetch(url.trim(), { method: 'POST', body: new URLSearchParams({ action: 'pay' }), redirect: 'manual' });
    await stack.stripe.deliveriesIdle();
    const sent = await marvel(['webhooks', 'deliveries', '--endpoint', endpoint, '--json']);
    const [delivery] = sent.json as { id: string }[];
    const id = delivery?.id ?? '';
    expect((await marvel(['webhooks', 'delivery', id])).out).toMatch(/^event +invoice\.paid \(/);
    expect((await marvel(['webhooks', 'redeliver', id])).out).toContain('is sent again');
    expect((await marvel(['webhooks', 'disable', endpoint])).out).toBe(`${endpoint} is disabled.\n`);
    expect((await marvel(['webhooks', 'redeliver', id])).code).toBe(exitCodes.refused);
    expect((await marvel(['webhooks', 'enable', endpoint])).out).toBe(`${endpoint} is enabled.\n`);
    expect((await marvel(['webhooks', 'delete', endpoint])).code).toBe(0);
  });
});

/** The steps of a run, and where it stopped. */
async function proxyTest(words: readonly string[], options?: RunOptions) {
  const ran = await local(['--json', 'proxy', 'test', ...words], options);
  const { steps, stop } = ran.json as {
    steps: { step: string; outcome: string }[];
    stop: { step: string; code: string; fix: string; docs: string | null } | null;
  };
  return { code: ran.code, stop, outcomes: steps.map(({ step, outcome }) => `${step} ${outcome}`), ran };
}
/** What is seen when it stops at a step. */
const until = (step: string, unknown: readonly string[] = []) =>
  stepNames.map((name) => {
    if (name === step) return `${name} failed`;
    const isBefore = stepNames.indexOf(name) < stepNames.indexOf(step as 'name');
    return `${name} ${isBefore && !unknown.includes(name) ? 'passed' : 'unknown'}`;
  });

describe('proxy test', () => {
  test('passes every step, and names the exit', async () => {
    const ran = await local(['proxy', 'test', 'country-DE-session-cli']);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out.split('\n').map((line) => line.split(/ +/).slice(0, 2).join(' '))).toEqual([
      ...stepNames.map((name) => `ok ${name}`),
      '',
      'The way',
      '',
    ]);
    expect(ran.out).toMatch(/exit +127\.\S+ in DE, AS\d+, grade [SAB], purity \d+\S*, session generation 1\n/);
    expect(ran.out).toMatch(/destination +\S+ answered 200\n/);
  });

  test.each([
    ['name', 'name_not_found', ['country-US', '--gateway', 'gateway.invalid:9000'], []],
    ['tcp', 'connection_failed', ['country-US', '--gateway', '127.0.0.1:9'], []],
    ['target', 'target_unknown_field', ['country-US-city-x'], []],
    ['exit', 'no_capacity', ['country-ZZ'], []],
    ['destination', 'destination_forbidden', ['country-US', '--url', 'http://127.0.0.1:5555/'], ['budget', 'exit']],
  ] as const)('stops at %s: %s', async (step, code, words, unknown) => {
    const found = await proxyTest(words);
    expect(found).toMatchObject({ code: exitCodes.notInOrder, stop: { step, code } });
    expect(found.outcomes).toEqual(until(step, unknown));
    expect(found.stop?.fix.length).toBeGreaterThan(10);
    const isOurs = !['name', 'tcp'].includes(step);
    expect(found.stop?.docs).toBe(isOurs ? `${stack.info.api}/docs/errors#${code}` : null);
  });

  test('stops at credentials, of an unknown key and also when the target is wrong', async () => {
    for (const target of ['country-US', 'country-US-city-x']) {
      const found = await proxyTest([target, '--key-stdin'], { input: `mk_live_${'0'.repeat(38)}\n` });
      expect(found).toMatchObject({
        code: exitCodes.notInOrder,
        stop: { step: 'credentials', code: 'unauthenticated' },
      });
      expect(found.outcomes).toEqual(until('credentials'));
    }
  });

  test('stops at budget, of an account that has none', async () => {
    const anybody = new Marvel({ baseUrl: stack.info.api });
    const { account_id: id, token } = await anybody.accounts.create({ email: 'poor@example.com', password });
    const { key } = await anybody.withToken(token).keys.create();
    const operator = anybody.withToken(stack.info.operator_token).operator;
    await operator.accounts.adjust(id, { bytes: 1, reason: 'test' });
    await operator.accounts.adjust(id, { bytes: -1, reason: 'test' });
    // The gateway hears of the key, and of what was taken, with its next looks at the feed.
    let found = await proxyTest(['country-US', '--key-stdin'], { input: key });
    for (let tries = 0; tries < 20 && found.stop?.step !== 'budget'; tries += 1) {
      found = await proxyTest(['country-US', '--key-stdin'], { input: key });
    }
    expect(found).toMatchObject({ code: exitCodes.notInOrder, stop: { step: 'budget', code: 'balance_exhausted' } });
    expect(found.outcomes).toEqual(until('budget'));
  });

  test('stops at destination, of one that does not answer', async () => {
    const { host, port } = stack.echo.closedPort;
    const found = await proxyTest(['country-US', '--url', `http://${host}:${port}/`]);
    expect(found).toMatchObject({ code: exitCodes.notInOrder, stop: { step: 'destination', code: 'gateway_error' } });
  });

  test('says for people where it stops, what fixes it, and where to read on', async () => {
    const { out } = await local(['proxy', 'test', 'country-ZZ']);
    expect(out).toMatch(
      /\nSTOP {2}exit {9}\S.*\n- {5}destination\n\nIt stops at exit: .* \(no_capacity\)\nFix: .+\nSee: .+#no_capacity\nRequest id/,
    );
  });

  test('takes its key from nowhere else than it says', async () => {
    const ran = await marvel(['proxy', 'test', 'country-US'], { env: { HOME: join(home, 'nobody') } });
    expect(ran).toMatchObject({ code: exitCodes.usage, out: '' });
    expect(ran.err).toContain('which key?');
    const { out } = await local(['proxy', 'url', 'country-us']);
    expect(out).toBe(`http://${stack.info.account.key}:country-us@${stack.info.gateway.marvel}\n`);
  });
});

describe('an operator', () => {
  test('imports exits from a file, told of every line that was not taken', async () => {
    const file = join(home, 'exits.jsonl');
    const lines = ['{"network":"residential"}', '', 'not json', ...Array.from({ length: 150 }, () => '{}')];
    await writeFile(file, lines.join('\n'));
    const ran = await local(['operator', 'exits', 'import', file]);
    expect(ran.code).toBe(exitCodes.notInOrder);
    const said = ran.out.trimEnd().split('\n');
    expect(said[0]).toMatch(/^line 1: invalid: \w+/);
    expect(said[1]).toBe('line 3: invalid: is not JSON');
    expect(said[2]).toMatch(/^line 4: invalid: /);
    expect(said.at(-2)).toMatch(/^line 153: invalid: /);
    expect(said.at(-1)).toBe('0 added, 0 updated, 0 dropped by the Gauntlet, 152 invalid.');
    expect(ran.err).toBe('');
    // The second hundred is more than one request may hold: what was judged before it is said.
    const long = join(home, 'long.jsonl');
    await writeFile(long, [...Array.from({ length: 100 }, () => '{}'), `"${'x'.repeat(3_000_000)}"`].join('\n'));
    const stopped = await local(['operator', 'exits', 'import', long]);
    expect(stopped).toMatchObject({ code: exitCodes.refused, out: '' });
    expect(stopped.err).toMatch(
      /^100 of 101 lines were judged\. Import the file again: exits that are there are updated\.\nerror: .*\(payload_too_large\)\nFix: Send less at a time\.\n/,
    );
    const fromStdin = await local(['--json', 'operator', 'exits', 'import', '-'], { input: '{}\n' });
    expect(fromStdin.json).toMatchObject({ invalid: 1, lines: [{ line: 1, outcome: 'invalid' }] });
  });

  test('lists and enrols gateways, and sends no private key away', async () => {
    expect((await local(['operator', 'gateways', 'list'])).out).toMatch(
      /^ID +NAME +VERSION .*\ngtw_\S+ +\S+ +\d+\.\d+\.\d+ /,
    );
    const file = join(home, 'key.json');
    await writeFile(file, '{"kty":"OKP","crv":"Ed25519","x":"a","d":"secret"}');
    const refused = await local(['operator', 'gateways', 'enrol', 'edge-9', '--public-key', file]);
    expect(refused).toMatchObject({ code: exitCodes.usage, out: '' });
    expect(refused.err).toContain('holds a private key');
    expect((await local(['operator', 'exits', 'list', '--json'])).json).not.toEqual([]);
  });

  test('adjusts balances, shows the fleet, turns maintenance on and off, and proves the ledger', async () => {
    const { account_id: id } = stack.info.account;
    expect((await local(['operator', 'accounts', 'adjust', id, '1MB', '--reason', 'gift'])).out).toContain(' GB now.');
    expect((await local(['operator', 'accounts', 'adjust', '--reason', 'back', '--', id, '-1MB'])).code).toBe(0);
    expect((await local(['operator', 'accounts', 'adjust', id, 'much', '--reason', 'x'])).code).toBe(exitCodes.usage);
    expect((await local(['operator', 'maintenance', 'on'])).out).toContain('on: customers are turned away');
    expect((await local(['operator', 'maintenance', 'off'])).out).toContain('off');
    expect((await local(['operator', 'fleet', '--json'])).json).toMatchObject({ live: 1, maintenance: false });
    expect(await local(['operator', 'reconcile'])).toMatchObject({ code: 0 });
    expect((await marvel(['operator', 'fleet'])).code).toBe(exitCodes.unauthenticated);
    const wrong = await marvel(['operator', 'login', '--token-stdin'], { input: 'wrong' });
    expect(wrong.code).toBe(exitCodes.unauthenticated);
    expect(wrong.err).toContain('Fix: Check the token: ');
    const refused = await marvel(['operator', 'accounts', 'find'], { env: { MARVEL_OPERATOR_TOKEN: 'wrong' } });
    expect(refused.err).toContain('Fix: Run `marvel operator login`, or set MARVEL_OPERATOR_TOKEN.\n');
    const ended = await marvel(['keys', 'list'], { env: { MARVEL_TOKEN: 'sess_wrong' } });
    expect(ended.err).toContain('Fix: Run `marvel login`, or set MARVEL_TOKEN.\n');
    const right = await marvel(['operator', 'login', '--token-stdin'], { input: `${stack.info.operator_token}\n` });
    expect(right.code).toBe(0);
    expect((await marvel(['operator', 'fleet'])).code).toBe(0);
  });
});

describe('an operator of accounts and of the feed', () => {
  test('finds, suspends and lets go on an account, and the audit log says so', async () => {
    const accounts = ['operator', 'accounts'];
    const found = await local([...accounts, 'find', 'CLI@example.com', '--json']);
    const [account] = found.json as { account_id: string }[];
    const id = account?.account_id ?? '';
    expect((await local([...accounts, 'show', id])).out).toMatch(
      /^account +\S+\ne-mail +cli@example\.com\nstatus +active\nbalance .*\nplan +Big, past_due\n/,
    );
    const moved = await local([...accounts, 'ledger', id, '--json']);
    expect(moved.json).toMatchObject([
      { cause: 'payment', balance_bytes: 10_000_000_000 },
      { cause: 'payment', balance_bytes: 5_000_000_000 },
    ]);
    expect((await local([...accounts, 'ledger', id])).out).toMatch(/^ID +AT +CAUSE .*\n\d+ .* payment /);
    const suspended = await local([...accounts, 'suspend', id, '--reason', 'abuse']);
    expect(suspended.out).toBe(`${id} (cli@example.com) is suspended.\n`);
    expect((await local([...accounts, 'find', '--status', 'suspended'])).out).toContain(id);
    expect((await local([...accounts, 'unsuspend', id, '--reason', 'sorry'])).out).toContain(' is active.');
    expect((await local(['operator', 'audit', '--target', id])).out).toMatch(
      /^ID .*\n\d+ .* account\.unsuspend .*sorry.*\n\d+ .* account\.suspend .*abuse/,
    );
    expect((await local([...accounts, 'show', 'acc_00000000'])).code).toBe(exitCodes.refused);
    expect((await local([...accounts, 'suspend', id])).code).toBe(exitCodes.usage);
  });

  test('raises the epoch once, sees the keys of the feed, and puts bundles on sale and off', async () => {
    const { epoch } = (await local(['operator', 'fleet', '--json'])).json as { epoch: number };
    const raise = ['operator', 'epoch', 'raise'];
    expect((await local([...raise, '--json'])).json).toMatchObject({ epoch: epoch + 1 });
    expect((await local([...raise, '--from', String(epoch), '--json'])).json).toMatchObject({ epoch: epoch + 1 });
    expect((await local(['operator', 'feed-keys'])).out).toMatch(/^signs +\S+\nsigns next +-\n[^]*\nGATEWAY +KNOWS /);
    const bundles = ['operator', 'bundles'];
    const terms = ['--name', 'Cli', '--bytes', '3GB', '--price', '4.05'];
    const saved = await local([...bundles, 'save', 'bun_cli00000', ...terms]);
    expect(saved.out).toBe('bun_cli00000 is on sale: 3.00 GB for 4.05 USD.\n');
    expect((await local([...bundles, 'retire', 'bun_cli00000'])).code).toBe(0);
    expect((await local([...bundles, 'list'])).out).toMatch(/\nbun_cli00000 +Cli +3\.00 GB +4\.05 USD +no\n/);
  });
});

describe('what everybody may ask', () => {
  test('availability, status and the meaning of a code', async () => {
    expect((await local(['availability'])).out).toMatch(/^COUNTRY +EXITS +S +A +B +PURITY +DIALS\n[A-Z]{2} /);
    expect((await local(['availability', 'de', '--json'])).json).toMatchObject({ countries: [{ country: 'DE' }] });
    expect((await local(['availability', 'ZZ'])).code).toBe(exitCodes.refused);
    expect((await local(['status'])).out).toMatch(/^service {3}ok\n/);
    expect((await local(['errors', 'no_capacity'])).out).toMatch(
      /^reason .*\nmeaning .*\nfix .*\ntry again {2}may help\n/,
    );
    expect((await local(['errors', 'nothing'])).code).toBe(exitCodes.usage);
  });

  test('no service is an exit code of its own, in words or in JSON', async () => {
    const nowhere = { MARVEL_API: 'http://127.0.0.1:9' };
    const said = await marvel(['status'], { env: nowhere });
    expect(said).toMatchObject({ code: exitCodes.unavailable, out: '' });
    expect(said.err).toMatch(/^error: 127\.0\.0\.1:9 cannot be reached \(connection_failed\)\nFix: /);
    const json = await marvel(['status', '--json'], { env: nowhere });
    expect(JSON.parse(json.err)).toMatchObject({
      error: { code: 'connection_failed' },
      exit_code: exitCodes.unavailable,
    });
  });
});

describe('typed wrong', () => {
  test.each([
    [['kyes'], "unknown command 'kyes'\n(Did you mean keys?)"],
    [['keys', 'lst'], "unknown command 'lst'\n(Did you mean list?)"],
    [['usage', '--dayz', '3'], "unknown option '--dayz'\n(Did you mean --days?)"],
    [['usage', '--by', 'planet'], 'Allowed choices are hour, day'],
    [['keys', 'create', '--threads', 'many'], 'Give a whole number from 1.'],
    [['operator', 'bundles', 'save', 'x', '--name', 'x', '--bytes', '1GB', '--price', '1,50'], 'Give a price, such as'],
    [
      ['operator', 'bundles', 'save', 'x', '--name', 'x', '--bytes', '1GB', '--price', '1.50', '--currency', 'jpy'],
      'no more decimal places than jpy has',
    ],
    [['webhooks', 'create', 'http://x/', '--events', 'all'], 'Allowed choices are invoice.paid'],
    [['operator', 'acounts'], "unknown command 'acounts'\n(Did you mean accounts?)"],
    [['keys', 'revoke'], "missing required argument 'id'"],
    [['status', '--api', 'api.example.com'], '--api: must be an http:// or https:// URL'],
    [['login', '--email', 'a@example.com'], 'Pipe it in with --password-stdin.'],
    [['operator', 'login'], 'Pipe it in with --token-stdin.'],
  ])('%j is answered with what would be right', async (words, hint) => {
    const ran = await marvel(words);
    expect(ran).toMatchObject({ code: exitCodes.usage, out: '' });
    expect(ran.err).toContain(hint);
  });

  test('--local without a stack, and a settings file that is none, say what to do', async () => {
    const nothing = await runMarvel(['--local', 'status'], { cwd: '/', env: { HOME: join(home, 'nobody') } });
    expect(nothing).toMatchObject({ code: exitCodes.usage });
    expect(nothing.err).toContain('npx pnpm@12 start');
    await mkdir(join(home, 'broken', 'marvel'), { recursive: true });
    await writeFile(join(home, 'broken', 'marvel', 'config.json'), '{"tokn": 1}');
    const broken = await marvel(['whoami'], { env: { XDG_CONFIG_HOME: join(home, 'broken') } });
    expect(broken).toMatchObject({ code: exitCodes.failed });
    expect(broken.err).toContain('Correct it, or delete it');
  });
});

describe('usage, and what the gateways signed of it', () => {
  test('draws the days, and derives the balance again, online and from a file', async () => {
    // A gateway that stops posts what it has counted.
    await stack.gateways[0]?.stop();
    const usage = await local(['usage']);
    expect(usage.out).toMatch(/^balance +\S+ GB\nused +\S+ k?B in 14 days\n\n\d{4}-\d\d-\d\d {2}.* █+/);
    expect((await local(['usage', '--by', 'country', '--json'])).json).toMatchObject({
      used_bytes: expect.any(Number) as number,
    });
    const file = join(home, 'evidence.json');
    const online = await local(['receipts', 'verify', '--save-to', file]);
    expect(online).toMatchObject({ code: 0 });
    expect(online.out).toContain('Every byte that was billed was signed for.');
    const evidence = JSON.parse(await readFile(file, 'utf8')) as { receipts: { lines: { bytes_down: number }[] }[] };
    const offline = await runMarvel(['receipts', 'verify', '--file', file, '--api', 'http://127.0.0.1:9'], {
      env: { HOME: home },
    });
    expect(offline).toMatchObject({ code: 0 });
    const [line] = evidence.receipts[0]?.lines ?? [];
    if (line === undefined) throw new Error('nothing was billed');
    line.bytes_down += 1;
    await writeFile(file, JSON.stringify(evidence));
    const changed = await local(['receipts', 'verify', '--file', file]);
    expect(changed.code).toBe(exitCodes.notInOrder);
    expect(changed.out).toContain('lines_not_signed');
    await writeFile(file, '{}');
    expect((await local(['receipts', 'verify', '--file', file])).code).toBe(exitCodes.usage);
  });
});

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish'])('has a script for %s', async (shell) => {
    expect((await marvel(['completion', shell])).out).toContain('marvel __complete --');
  });

  test('offers what fits', async () => {
    expect((await marvel(['__complete', '--', 'operator', 'ga'])).out).toBe('gateways\n');
    expect((await marvel(['__complete', '--', 'keys', 'create', '--lab'])).out).toBe('--label\n');
    expect((await marvel(['__complete', '--', 'usage', '--by', 'd'])).out).toBe('day\n');
    expect((await marvel(['__complete', '--', 'completion', 'z'])).out).toBe('zsh\n');
    expect((await marvel(['__complete', '--', ''])).out).toContain('login\n');
  });
});

describe('the package', () => {
  test('publint finds nothing', async () => {
    expect((await publint({ pkgDir: dist, pack: false })).messages).toEqual([]);
  });

  test('installed from its tarball it runs in the Node of the machine, with no other package', async () => {
    const folder = await mkdtemp(join(home, 'npm-'));
    // What people have: the Node of the machine, not that of this repository.
    const path = (process.env['PATH'] ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'));
    const env = { PATH: path.join(delimiter), HOME: home };
    const run = promisify(execFile);
    await run('npm', ['pack', dist, '--pack-destination', folder], { cwd: folder, env });
    await writeFile(join(folder, 'package.json'), '{"private": true}');
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', './marvel-cli-0.1.0.tgz'], {
      cwd: folder,
      env,
    });
    const { stdout } = await run('node_modules/.bin/marvel', ['--local', 'status'], { cwd: folder, env });
    expect(stdout).toMatch(/^service {3}ok\n/);
  });
});
