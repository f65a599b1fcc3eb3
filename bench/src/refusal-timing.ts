import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { makeApiKey } from '@marvel/shared/api-key';
import * as v from 'valibot';

// How long a caller who is not known waits for its refusal, by what it shows, at each door: `node bench/src/refusal-timing.ts`.
// The cases take turns on connections of their own, so that whatever the machine does meanwhile is shared by all.

const rounds = 3000;
const warmUpRounds = 500;

interface Case {
  readonly door: string;
  readonly shows: string;
  readonly address: string;
  readonly request: Buffer;
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

/** One connection on which a case is asked again and again; gives the answer and how long it took, µs. */
class Asker {
  readonly #socket: Socket;
  readonly #request: Buffer;
  #answered: ((answer: string) => void) | undefined;
  #text = '';

  private constructor(socket: Socket, request: Buffer) {
    this.#socket = socket;
    this.#request = request;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => {
      this.#text += bytes.toString('latin1');
      const end = this.#text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: ([0-9]+)/i.exec(this.#text)?.[1] ?? 0);
      if (this.#text.length < end + 4 + length) return;
      const answer = this.#text;
      this.#text = '';
      this.#answered?.(answer);
    });
  }

  static async open({ address, request }: Case): Promise<Asker> {
    const [host = '', port = ''] = address.split(':');
    const socket = connect({ host, port: Number(port) });
    await once(socket, 'connect');
    return new Asker(socket, request);
  }

  async ask(): Promise<{ readonly answer: string; readonly tookUs: number }> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#answered = resolve;
    const startedAtMs = performance.now();
    this.#socket.write(this.#request);
    const answer = await promise;
    return { answer, tookUs: (performance.now() - startedAtMs) * 1000 };
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function makeCases(stack: Stack): Promise<readonly Case[]> {
  const { marvel, proxies_fo: fo, proxymesh } = stack.info.gateway;
  const { username } = stack.info.sub_user;
  const revoked = await callApi(stack, 'POST', '/v1/keys', { label: 'to be revoked' });
  const key = String(revoked.key);
  // It is used once, so that the gateway has met it as a good one.
  const probe = { door: '', shows: '', address: marvel, request: connectRequest(basic(key, 'country-AQ')) };
  await until(probe, '503');
  await callApi(stack, 'DELETE', `/v1/keys/${String(revoked.id)}`);
  await until(probe, '407');
  const target = 'country-US';
  const shownAsKey: readonly (readonly [string, string | undefined])[] = [
    ['nothing', undefined],
    ['no Basic credentials', 'AAAA'],
    ['a mistyped key', basic(`${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`, target)],
    ['an unknown key', basic(makeApiKey('live', randomBytes), target)],
    ['a revoked key', basic(key, target)],
  ];
  const shownAsSubUser: readonly (readonly [string, string | undefined])[] = [
    ['nothing', undefined],
    ['no Basic credentials', 'AAAA'],
    ['an unknown name', basic('nobody_at_all', 'wrong-password')],
    ['a known name, wrong password', basic(username, 'wrong-password')],
  ];
  const at = (door: string, address: string, shown: typeof shownAsKey): readonly Case[] =>
    shown.map(([shows, credentials]) => ({ door, shows, address, request: connectRequest(credentials) }));
  return [
    ...at('marvel', marvel, shownAsKey),
    ...(fo === null ? [] : at('proxies.fo', fo.residential, shownAsSubUser)),
    ...(proxymesh === null ? [] : at('ProxyMesh', proxymesh, shownAsSubUser)),
  ];
}

/** Asks on new connections until the status is the one wanted. */
async function until(probe: Case, status: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const asker = await Asker.open(probe);
    const { answer } = await asker.ask();
    asker.close();
    if (answer.startsWith(`HTTP/1.1 ${status} `)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`never ${status}`);
}

function quantile(sorted: readonly number[], part: number): string {
  return (sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN).toFixed(1);
}

await using stack = await createStack({ ephemeral: true });
const cases = await makeCases(stack);
const askers = await Promise.all(cases.map(async (each) => Asker.open(each)));
const tookUs: number[][] = cases.map(() => []);
const answers = cases.map(() => new Set<string>());
for (let round = 0; round < warmUpRounds + rounds; round += 1) {
  for (const [index, asker] of askers.entries()) {
    const asked = await asker.ask();
    answers[index]?.add(asked.answer.replace(/X-Marvel-Request-Id: .*\r\n/, ''));
    if (round >= warmUpRounds) tookUs[index]?.push(asked.tookUs);
  }
}
for (const asker of askers) asker.close();
console.log('| door | shows | p10 µs | median µs | p90 µs |\n|---|---|---|---|---|');
for (const [index, { door, shows }] of cases.entries()) {
  const sorted = (tookUs[index] ?? []).toSorted((a, b) => a - b);
  console.log(`| ${door} | ${shows} | ${[0.1, 0.5, 0.9].map((part) => quantile(sorted, part)).join(' | ')} |`);
}
for (const door of new Set(cases.map((each) => each.door))) {
  const seen = new Set(answers.flatMap((set, index) => (cases[index]?.door === door ? [...set] : [])));
  console.log(`${door}: ${seen.size === 1 ? 'one and the same answer' : `${seen.size} different answers`}`);
}
