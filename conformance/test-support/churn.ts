import type { Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { basic, connectThrough, countToEnd, openSocket } from './connect.ts';
import { Customer, eventually, readJson } from './customer.ts';

/** What a gateway holds, as its metrics have it, right after its garbage was collected. */
export interface Levels {
  readonly descriptors: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly timers: number;
  readonly sockets: number;
  readonly tunnels: number;
  readonly connections: number;
}

export interface ChurnReport {
  readonly workers: number;
  readonly workerMinutes: number;
  /** How many conversations of each kind were had. */
  readonly conversations: Readonly<Record<string, number>>;
  readonly before: Levels;
  /** After each run. */
  readonly after: readonly Levels[];
  /** Of conversations that end in order: what client and origin counted, and what their account paid. */
  readonly movedBytes: number;
  readonly billedBytes: number;
  /** Of all: what the gateway says it relayed, and what all accounts paid. */
  readonly relayedBytes: number;
  readonly allBilledBytes: number;
}

/** So many conversations of a worker, or as many as it has in a time. */
type Span = { readonly rounds: number } | { readonly durationMs: number };

export interface ChurnOptions {
  readonly workers: number;
  /** How long each of them goes on, in each run. */
  readonly span: Span;
  /** Equal ones, one after the other: what only the first takes is no leak. */
  readonly runs: number;
  readonly onProgress?: (line: string) => void;
}

/** Lets the gateway collect its garbage when it is told to: what is left then is held by something. */
const collectOnSignal = `--import=data:text/javascript,${encodeURIComponent(`
  import v8 from 'node:v8';
  import vm from 'node:vm';
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc');
  process.on('SIGUSR2', () => { collect(); collect(); });
`)}`;

/** Enough for what is made once (buffers, pools, compiled code) to be there. */
const warmUp = { rounds: 40 };
const creditBytes = 500_000_000_000;
const target = 'country-US';

/** Who converses, and what of it can be counted to the byte from outside. */
interface Cast {
  readonly stack: Stack;
  readonly authority: string;
  /** Pays for conversations that end in order. */
  readonly exact: {
    readonly customer: Customer;
    readonly key: string;
    readonly subUser: string;
    readonly password: string;
  };
  /** Pays for those that are broken off, or whose heads the gateway rewrites. */
  readonly rough: { readonly customer: Customer; readonly key: string };
  movedBytes: number;
}

/** Runs a gateway with everything on, and clients that do all that clients do, for a while. */
export async function churn({ workers, span, runs, onProgress = () => undefined }: ChurnOptions): Promise<ChurnReport> {
  await using stack = await createStack({
    ephemeral: true,
    gatewaySettings: { NODE_OPTIONS: collectOnSignal },
    onProgress,
  });
  const cast = await makeCast(stack);
  await converse(cast, workers, warmUp, {});
  const before = await settledLevels(stack);
  onProgress(`before: ${JSON.stringify(before)}`);
  const conversations: Record<string, number> = {};
  const after: Levels[] = [];
  let workedMs = 0;
  for (let run = 1; run <= runs; run += 1) {
    const startedAtMs = performance.now();
    await converse(cast, workers, span, conversations);
    workedMs += performance.now() - startedAtMs;
    const levels = await settledLevels(stack);
    onProgress(`after ${run} of ${runs}: ${JSON.stringify(levels)}`);
    after.push(levels);
  }
  const workerMinutes = (workers * workedMs) / 60_000;
  const billedBytes = creditBytes - (await cast.exact.customer.balanceSettledAt(creditBytes - cast.movedBytes, 20_000));
  const relayedBytes = await relayed(stack);
  const allBilled = async () =>
    billedBytes + creditBytes - (await cast.rough.customer.balanceBytes()) + (await demoSpent(stack));
  const allBilledBytes = await eventually('everything is billed', async () => {
    const bytes = await allBilled();
    return bytes === relayedBytes ? bytes : undefined;
  }).catch(allBilled);
  return {
    workers,
    workerMinutes,
    conversations,
    before,
    after,
    movedBytes: cast.movedBytes,
    billedBytes,
    relayedBytes,
    allBilledBytes,
  };
}

async function makeCast(stack: Stack): Promise<Cast> {
  const exact = await Customer.withBytes(stack.info, creditBytes);
  const rough = await Customer.withBytes(stack.info, creditBytes);
  const [exactKey, roughKey] = [await exact.makeKey(), await rough.makeKey()];
  const subUser = `churn_${Date.now()}`;
  const password = 'a-long-enough-password';
  await readJson(await exact.call('POST', '/v1/sub-users', { username: subUser, password }));
  const cast = {
    stack,
    authority: new URL(stack.info.echo).host,
    exact: { customer: exact, key: exactKey.key, subUser, password },
    rough: { customer: rough, key: roughKey.key },
    movedBytes: 0,
  };
  const doors = [() => carry(cast, marvel(cast), 1), () => carry(cast, proxymesh(cast), 1)];
  for (const door of doors)
    await eventually('the credentials are known', async () =>
      door().then(
        () => true,
        () => undefined,
      ),
    );
  await eventually('the other key is known', async () =>
    leave(cast).then(
      () => true,
      () => undefined,
    ),
  );
  return cast;
}

async function converse(cast: Cast, workers: number, span: Span, counts: Record<string, number>): Promise<void> {
  const untilMs = performance.now() + ('durationMs' in span ? span.durationMs : Number.POSITIVE_INFINITY);
  const rounds = 'rounds' in span ? span.rounds : Number.POSITIVE_INFINITY;
  const work = async (worker: number): Promise<void> => {
    for (let round = worker; round < worker + rounds && performance.now() < untilMs; round += 1) {
      const [kind, have] = kinds[round % kinds.length] ?? raise('no kinds');
      await have(cast, round);
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: workers }, async (_, worker) => work(worker)));
}

interface Door {
  readonly gateway: string;
  readonly username: string;
  readonly password: string;
}

const marvel = ({ stack, exact }: Cast): Door => ({
  gateway: stack.info.gateway.marvel,
  username: exact.key,
  password: target,
});
const proxiesFo = ({ stack, exact }: Cast): Door => ({
  gateway: stack.info.gateway.proxies_fo?.residential ?? raise('proxies.fo is not open'),
  username: `${exact.subUser}-country-us`,
  password: exact.password,
});
const proxymesh = ({ stack, exact }: Cast): Door => ({
  gateway: stack.info.gateway.proxymesh ?? raise('ProxyMesh is not open'),
  username: exact.subUser,
  password: exact.password,
});

const kinds: readonly (readonly [string, (cast: Cast, round: number) => Promise<void>])[] = [
  ['transfer', (cast, round) => carry(cast, marvel(cast), (round * 7919) % 200_000)],
  ['transfer, proxies.fo', (cast, round) => carry(cast, proxiesFo(cast), (round * 7919) % 200_000)],
  ['refuse', refuse],
  ['reset', reset],
  ['half-close', (cast) => carry(cast, marvel(cast), 50_000, { endsFirst: true })],
  ['transfer, ProxyMesh', (cast, round) => carry(cast, proxymesh(cast), (round * 7919) % 200_000)],
  ['leave', leave],
  ['transfer, SOCKS5', carryOverSocks5],
  ['upload', (cast) => carry(cast, marvel(cast), 0, { uploadBytes: 100_000 })],
  ['reset', reset],
  ['absolute-form, kept', forward],
  ['try again after 407', (cast) => carry(cast, marvel(cast), 10_000, { stumbles: true })],
];

/** Gets bytes through a tunnel and ends it in order; every byte is counted. */
async function carry(
  cast: Cast,
  door: Door,
  bytes: number,
  how: { readonly endsFirst?: boolean; readonly uploadBytes?: number; readonly stumbles?: boolean } = {},
): Promise<void> {
  const request = { ...door, authority: cast.authority };
  const stumbled =
    how.stumbles === true ? await connectThrough({ ...request, password: '', username: 'nobody' }) : undefined;
  const answer = await connectThrough({ ...request, ...(stumbled && { socket: stumbled.socket }) });
  if (answer.status !== 200) {
    answer.socket.destroy();
    throw new Error(`refused: ${answer.status} ${answer.body}`);
  }
  await exchange(cast, answer.socket, bytes, how);
}

async function exchange(
  cast: Cast,
  socket: Socket,
  bytes: number,
  { endsFirst = false, uploadBytes = 0 }: { readonly endsFirst?: boolean; readonly uploadBytes?: number } = {},
): Promise<void> {
  const headBytes = socket.bytesWritten;
  const received = countToEnd(socket);
  if (uploadBytes > 0) {
    socket.write(`POST / HTTP/1.1\r\nHost: echo\r\nConnection: close\r\nContent-Length: ${uploadBytes}\r\n\r\n`);
    socket.write(Buffer.alloc(uploadBytes));
  } else socket.write(`GET /bytes/${bytes} HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n`);
  if (endsFirst) socket.end();
  const receivedBytes = await received;
  socket.end();
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  cast.movedBytes += receivedBytes + socket.bytesWritten - headBytes;
}

/** Text behind its length, as SOCKS5 has it. */
function short(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
}

async function carryOverSocks5(cast: Cast): Promise<void> {
  const socket = await openSocket(cast.stack.info.gateway.socks5 ?? raise('SOCKS5 is not open'));
  const [host = '', port = ''] = cast.authority.split(':');
  const say = async (message: Buffer, answerBytes: number): Promise<void> => {
    socket.write(message);
    const answer = await readBytes(socket, answerBytes);
    if (answer[1] !== 0 && answer[1] !== 2) throw new Error(`SOCKS5 refused: ${answer.toString('hex')}`);
  };
  await say(Buffer.from([5, 1, 2]), 2);
  await say(Buffer.concat([Buffer.from([1]), short(cast.exact.key), short(target)]), 2);
  const asked = Buffer.concat([
    Buffer.from([5, 1, 0, 3]),
    short(host),
    Buffer.from([Number(port) >> 8, Number(port) & 255]),
  ]);
  await say(asked, 10);
  await exchange(cast, socket, 20_000);
}

/** Is refused in one of the ways there are. */
async function refuse(cast: Cast, round: number): Promise<void> {
  const { key } = cast.rough;
  const ways = [
    { username: 'nobody', password: target, status: 407 },
    { username: key, password: 'nonsense', status: 400 },
    { username: key, password: target, authority: '169.254.169.254:80', status: 403 },
    { username: key, password: 'country-AQ', status: 503 },
  ] as const;
  const { status, ...way } = ways[(round >> 3) % ways.length] ?? ways[0];
  const answer = await connectThrough({ gateway: cast.stack.info.gateway.marvel, authority: cast.authority, ...way });
  answer.socket.destroy();
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}`);
}

/** Resets in the middle of a download. */
async function reset(cast: Cast): Promise<void> {
  const { gateway } = cast.stack.info;
  const answer = await connectThrough({
    gateway: gateway.marvel,
    username: cast.rough.key,
    password: target,
    authority: cast.authority,
  });
  const { socket, status } = answer;
  if (status !== 200) throw new Error(`refused: ${status}`);
  socket.write('GET /bytes/5000000 HTTP/1.1\r\nHost: echo\r\n\r\n');
  await readBytes(socket, 30_000);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resetAndDestroy();
  await closed;
}

/** Asks, and goes before the answer. */
async function leave(cast: Cast): Promise<void> {
  const socket = await openSocket(cast.stack.info.gateway.marvel);
  const credentials = basic(cast.rough.key, target);
  socket.write(`CONNECT ${cast.authority} HTTP/1.1\r\nHost: a\r\nProxy-Authorization: ${credentials}\r\n\r\n`);
  await new Promise(setImmediate);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resetAndDestroy();
  await closed;
}

/** Several requests in absolute-form on one connection. */
async function forward(cast: Cast): Promise<void> {
  const socket = await openSocket(cast.stack.info.gateway.marvel);
  const credentials = basic(cast.rough.key, target);
  for (const bytes of [1000, 20_000, 3]) {
    socket.write(
      `GET http://${cast.authority}/bytes/${bytes} HTTP/1.1\r\nHost: ${cast.authority}\r\nProxy-Authorization: ${credentials}\r\n\r\n`,
    );
    let head = '';
    while (!head.endsWith('\r\n\r\n')) head += (await readBytes(socket, 1)).toString('latin1');
    if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`refused: ${head.slice(0, 40)}`);
    await readBytes(socket, bytes);
  }
  socket.end();
  socket.resume();
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

async function readBytes(socket: Socket, count: number): Promise<Buffer> {
  for (;;) {
    const read: unknown = socket.read(count);
    if (Buffer.isBuffer(read)) {
      if (read.length === count) return read;
      throw new Error(`the connection ended after ${read.length} of ${count} bytes`);
    }
    if (socket.readableEnded || socket.destroyed) throw new Error(`the connection ended before ${count} bytes`);
    const { promise, resolve } = Promise.withResolvers<void>();
    const events = ['readable', 'end', 'close'] as const;
    for (const event of events) socket.on(event, resolve);
    await promise;
    for (const event of events) socket.off(event, resolve);
  }
}

async function scrape({ info }: Stack): Promise<(name: string) => number> {
  const text = await (await fetch(`http://${info.gateway.admin}/metrics`)).text();
  return (name) => {
    const values = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  };
}

/** The levels once nothing is going on any more and the garbage is collected. */
async function settledLevels(stack: Stack): Promise<Levels> {
  const [pid] = stack.info.pids.gateways;
  if (pid === undefined) throw new Error('no gateway');
  return eventually(
    'the gateway is idle',
    async () => {
      process.kill(pid, 'SIGUSR2');
      const of = await scrape(stack);
      if (of('marvel_gateway_connections') > 0 || of('marvel_gateway_tunnels') > 0) return undefined;
      if (of('marvel_gateway_pending_batches') > 0 || of('marvel_gateway_unsealed_bytes') > 0) return undefined;
      const settled = await scrape(stack);
      return {
        descriptors: settled('process_open_fds'),
        residentBytes: settled('process_resident_memory_bytes'),
        heapBytes: settled('nodejs_heap_size_used_bytes'),
        externalBytes: settled('nodejs_external_memory_bytes'),
        timers: settled('nodejs_active_resources{type="Timeout"}'),
        sockets: settled('nodejs_active_resources{type="TCPSocketWrap"}'),
        tunnels: settled('marvel_gateway_tunnels'),
        connections: settled('marvel_gateway_connections'),
      };
    },
    30_000,
  );
}

async function relayed(stack: Stack): Promise<number> {
  return (await scrape(stack))('marvel_gateway_relayed_bytes_total');
}

/** What the stack's own account paid while the stack was tried out. */
async function demoSpent({ info }: Stack): Promise<number> {
  const response = await fetch(`${info.api}/v1/usage`, { headers: { authorization: `Bearer ${info.account.token}` } });
  return Number((await readJson(response))['used_bytes']);
}

function raise(message: string): never {
  throw new Error(message);
}

if (import.meta.main) {
  const options = {
    'worker-minutes': { type: 'string', default: '24' },
    workers: { type: 'string', default: '8' },
    runs: { type: 'string', default: '3' },
  } as const;
  const { values } = parseArgs({ options });
  const workers = Number(values.workers);
  const durationMs = (Number(values['worker-minutes']) * 60_000) / workers;
  const report = await churn({ workers, span: { durationMs }, runs: Number(values.runs), onProgress: console.log });
  console.log(JSON.stringify(report, undefined, 2));
}
