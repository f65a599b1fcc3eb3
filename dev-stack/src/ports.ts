import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { err, ok, type Result } from '@marvel/shared/result';

/** A fixed port that a part of the stack needs, and how a person chooses another. */
export interface WantedPort {
  /** What it is for, as a person would say it: "the control API". */
  readonly part: string;
  readonly port: number;
  /** The command-line option that changes it, such as `--api-port`. */
  readonly option: string;
  /** The environment variable that changes it, such as `MARVEL_API_PORT`. */
  readonly env: string;
}

/** Why a wanted port cannot be had. */
export type PortProblem =
  | { readonly code: 'busy' | 'not_permitted'; readonly wanted: WantedPort }
  | { readonly code: 'wanted_twice'; readonly wanted: WantedPort; readonly first: WantedPort };

/** Ports kept for one holder until it is disposed of (or its process ends). */
export interface PortReservation<Name extends string> extends AsyncDisposable {
  readonly ports: Readonly<Record<Name, number>>;
}

/** Below the ephemeral ranges of Linux (32768) and macOS (49152), so no outgoing connection takes a reserved port. */
const firstReservable = 20_000;
const reservableCount = 10_000;

const loopback = '127.0.0.1';

type Attempt = 'free' | 'busy' | 'not_permitted';

/** Whether a TCP listener can be opened on the port now. */
async function tryListen(port: number): Promise<Attempt> {
  const server = createServer();
  server.listen({ host: loopback, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') return 'busy';
    if (code === 'EACCES') return 'not_permitted';
    throw error;
  }
  server.close();
  await once(server, 'close');
  return 'free';
}

/**
 * Checks that every wanted port is free on 127.0.0.1, before anything is started.
 *
 * Errors: all problems at once, so that a person corrects them in one go.
 */
export async function checkPorts(wanted: readonly WantedPort[]): Promise<Result<void, readonly PortProblem[]>> {
  const seen = new Map<number, WantedPort>();
  const problems: PortProblem[] = [];
  for (const one of wanted) {
    const first = seen.get(one.port);
    if (first !== undefined) {
      problems.push({ code: 'wanted_twice', wanted: one, first });
      continue;
    }
    seen.set(one.port, one);
    const attempt = await tryListen(one.port);
    if (attempt !== 'free') problems.push({ code: attempt, wanted: one });
  }
  return problems.length === 0 ? ok(undefined) : err(problems);
}

/** One line for a person: which port, who wants it, and how to choose another. */
export function describePortProblem(problem: PortProblem): string {
  const { part, port, option, env } = problem.wanted;
  const remedy = `Choose another with ${option} <port> or ${env}=<port>.`;
  switch (problem.code) {
    case 'busy':
      return `Port ${port}, wanted by ${part}, is in use by another program. ${remedy}`;
    case 'not_permitted':
      return `Port ${port}, wanted by ${part}, may not be opened by this user. ${remedy}`;
    case 'wanted_twice':
      return `Port ${port} is wanted by both ${problem.first.part} and ${part}. ${remedy}`;
  }
}

/** A UDP socket on the port: TCP does not see it, other reservers do, and the kernel frees it when the process ends. */
async function holdPort(port: number): Promise<AsyncDisposable | undefined> {
  const guard = createSocket('udp4');
  guard.bind({ address: loopback, port, exclusive: true });
  try {
    await once(guard, 'listening');
  } catch (error) {
    guard.close();
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
  guard.unref();
  return {
    async [Symbol.asyncDispose]() {
      guard.close();
      await once(guard, 'close');
    },
  };
}

function isComplete<Name extends string>(
  ports: Partial<Record<Name, number>>,
  names: readonly Name[],
): ports is Record<Name, number> {
  return names.every((name) => ports[name] !== undefined);
}

/**
 * Finds a free port for each name and keeps other stacks, in this process or another, from reserving the same ones.
 *
 * The ports are free for TCP when this returns; the reservation is advisory towards programs that do not use it.
 * Errors: rejects when fewer than `names.length` of the 10,000 reservable ports are free.
 */
export async function reservePorts<const Name extends string>(names: readonly Name[]): Promise<PortReservation<Name>> {
  const guards = new AsyncDisposableStack();
  const ports: Partial<Record<Name, number>> = {};
  const start = Math.floor(Math.random() * reservableCount);
  let found = 0;
  for (let step = 0; step < reservableCount && found < names.length; step += 1) {
    const port = firstReservable + ((start + step) % reservableCount);
    const guard = await holdPort(port);
    if (guard === undefined) continue;
    if ((await tryListen(port)) === 'free') {
      const name = names[found];
      if (name === undefined) throw new TypeError('more ports found than names given');
      guards.use(guard);
      ports[name] = port;
      found += 1;
    } else {
      await guard[Symbol.asyncDispose]();
    }
  }
  if (!isComplete(ports, names)) {
    await guards.disposeAsync();
    throw new Error(`no ${names.length} free ports from ${firstReservable} on`);
  }
  return {
    ports,
    [Symbol.asyncDispose]: async () => guards.disposeAsync(),
  };
}
