import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { makeProxyKey } from '@marvel/shared/key-format';
import * as v from 'valibot';
import { type Asker, httpAsker, signInMessage, socks5Asker } from './refusal-askers.ts';

// How long a caller who is not known waits for its refusal, by what it shows, at each door: `node bench/src/refusal-timing.ts`.
// What it gave: bench/README.md.
// The cases of a door take turns, so that whatever the machine does meanwhile is shared by all.

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3000' } } });
const rounds = Number(values.rounds);
const warmUpRounds = 500;

interface Case {
  readonly door: string;
  readonly shows: string;
  open(): Promise<Asker>;
}

/** What is shown to say who it is; `undefined` in place of a user name for nothing at all. */
interface Shown {
  readonly shows: string;
  readonly username?: string;
  readonly password?: string;
  /** What stands behind `Basic` where it is no user name and password. */
  readonly raw?: string;
}

function connectRequest(credentials: string | undefined): Buffer {
  const shown = credentials === undefined ? '' : `Proxy-Authorization: Basic ${credentials}\r\n`;
  return Buffer.from(`CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n${shown}\r\n`);
}

function basic(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

const Made = v.object({ id: v.optional(v.string()), key: v.optional(v.string()) });
type Made = v.InferOutput<typeof Made>;

async function callApi({ info }: Stack, method: string, path: string, body?: object): Promise<Made> {
  const response = await fetch(`${info.api}${path}`, {
    method,
    headers: { authorization: `Bearer ${info.account.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? {} : v.parse(Made, JSON.parse(text));
}

async function makeCases(stack: Stack): Promise<readonly Case[]> {
  const { marvel, marvel_tls: tls, socks5, proxies_fo: fo, proxymesh } = stack.info.gateway;
  const ca = await readFile(stack.info.certificate_file, 'utf8');
  const { username } = stack.info.sub_user;
  const revoked = await callApi(stack, 'POST', '/v1/keys', { label: 'to be revoked' });
  const key = String(revoked.key);
  // It is used once, so that the gateway has met it as a good one.
  const probe = async () => httpAsker(marvel, connectRequest(basic(key, 'country-AQ')));
  await until(probe, '503');
  await callApi(stack, 'DELETE', `/v1/keys/${String(revoked.id)}`);
  await until(probe, '407');
  const target = 'country-US';
  const mistyped = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`;
  const keys: readonly Shown[] = [
    { shows: 'a name that is no key', username: 'nobody', password: target },
    { shows: 'a mistyped key', username: mistyped, password: target },
    { shows: 'an unknown key', username: makeProxyKey('live', randomBytes), password: target },
    { shows: 'a revoked key', username: key, password: target },
    { shows: 'a revoked key, wrong target', username: key, password: 'nonsense' },
  ];
  const none: readonly Shown[] = [{ shows: 'nothing' }, { shows: 'no Basic credentials', raw: 'AAAA' }];
  const subUsers: readonly Shown[] = [
    { shows: 'an unknown name', username: 'nobody_at_all', password: 'wrong-password' },
    { shows: 'a known name, wrong password', username, password: 'wrong-password' },
  ];
  const overHttp = (door: string, address: string, shown: readonly Shown[], authority?: string): readonly Case[] =>
    shown.map(({ shows, username: name, password = '', raw = name && basic(name, password) }) => {
      return { door, shows, open: async () => httpAsker(address, connectRequest(raw), authority) };
    });
  const overSocks5 = (address: string, shown: readonly Shown[]): readonly Case[] =>
    shown.map(({ shows, username: name = '', password = '' }) => {
      return { door: 'SOCKS5', shows, open: async () => socks5Asker(address, signInMessage(name, password)) };
    });
  return [
    ...overHttp('marvel', marvel, [...none, ...keys]),
    ...(tls === null ? [] : overHttp('marvel over TLS', tls, [...none, ...keys], ca)),
    ...(socks5 === null ? [] : overSocks5(socks5, [{ shows: 'empty name and password' }, ...keys])),
    ...(fo === null ? [] : overHttp('proxies.fo', fo.residential, [...none, ...subUsers])),
    ...(proxymesh === null ? [] : overHttp('ProxyMesh', proxymesh, [...none, ...subUsers])),
  ];
}

/** Asks on new connections until the status is the one wanted. */
async function until(probe: Case['open'], status: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const asker = await probe();
    const { answer } = await asker.ask();
    asker.close();
    if (answer.startsWith(`HTTP/1.1 ${status} `)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`never ${status}`);
}

/** Asks all cases of a door in turn, each time in another order: what one costs the other side shows in whichever comes next. */
async function measure(door: string): Promise<void> {
  const open = await Promise.all(
    cases.flatMap((each, index) => (each.door === door ? [each.open().then((asker) => ({ index, asker }))] : [])),
  );
  for (let round = 0; round < warmUpRounds + rounds; round += 1) {
    for (const { index, asker } of shuffled(open)) {
      const asked = await asker.ask();
      answers[index]?.add(asked.answer.replace(/X-Marvel-Request-Id: .*\r\n/, ''));
      if (round >= warmUpRounds) tookUs[index]?.push(asked.tookUs);
    }
  }
  for (const { asker } of open) asker.close();
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  const placed = items.map((item) => ({ item, place: Math.random() }));
  return placed.toSorted((one, other) => one.place - other.place).map(({ item }) => item);
}

function quantile(sorted: readonly number[], part: number): string {
  return (sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN).toFixed(1);
}

// Refusals are counted as ever, and never enough of them in so short a time for a ban: whoever is banned is not looked at.
const gatewaySettings = { MARVEL_BAN_REFUSALS: '1000', MARVEL_BAN_WINDOW_MS: '20' };
await using stack = await createStack({ ephemeral: true, gatewaySettings });
const cases = await makeCases(stack);
const tookUs: number[][] = cases.map(() => []);
const answers = cases.map(() => new Set<string>());
for (const door of new Set(cases.map((each) => each.door))) await measure(door);
console.log('| door | shows | p10 µs | median µs | p90 µs |\n|---|---|---|---|---|');
for (const [index, { door, shows }] of cases.entries()) {
  const sorted = (tookUs[index] ?? []).toSorted((a, b) => a - b);
  console.log(`| ${door} | ${shows} | ${[0.1, 0.5, 0.9].map((part) => quantile(sorted, part)).join(' | ')} |`);
}
for (const door of new Set(cases.map((each) => each.door))) {
  const seen = new Set(answers.flatMap((set, index) => (cases[index]?.door === door ? [...set] : [])));
  console.log(`${door}: ${seen.size === 1 ? 'one and the same answer' : `${seen.size} different answers`}`);
}
