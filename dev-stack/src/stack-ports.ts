import { setTimeout as sleep } from 'node:timers/promises';
import { err, ok, type Result } from '@marvel/shared/result';
import { takesConnections } from './parts/answers.ts';
import { checkPorts, reservePorts, type PortProblem, type WantedPort } from './ports.ts';

/** The ports that people know, and their defaults. Source: CONTRACT section 8 and 3.1. */
const known = {
  api: { part: 'the control API', port: 8787 },
  postgres: { part: 'PostgreSQL', port: 15_432 },
  neon_front: { part: 'the Neon front of the database', port: 15_433 },
  stripe: { part: 'the Stripe stand-in', port: 12_111 },
  echo: { part: 'the echo origin', port: 8888 },
  echo_tls: { part: 'the echo origin with TLS', port: 8889 },
  marvel: { part: 'the gateway', port: 9000 },
  marvel_tls: { part: 'the gateway with TLS', port: 9443 },
  socks5: { part: 'the gateway over SOCKS5', port: 1080 },
  proxies_fo_residential: { part: 'the proxies.fo dialect, residential', port: 13_337 },
  proxies_fo_isp: { part: 'the proxies.fo dialect, ISP', port: 13_339 },
  proxies_fo_datacenter: { part: 'the proxies.fo dialect, datacenter', port: 13_338 },
  proxymesh: { part: 'the ProxyMesh dialect', port: 31_280 },
  admin: { part: 'the health and metrics of the gateway', port: 9090 },
} as const;
export type PortName = keyof typeof known;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a literal object are its keys
export const portNames = Object.keys(known) as readonly PortName[];

/** Ports that only tests care for; free ones are taken at each start. */
const unnamed = ['ends_first', 'answers_after_end', 'closed'] as const;

export type StackPorts = Readonly<Record<PortName | (typeof unnamed)[number], number>>;

/** The ports of a stack, kept from other stacks until disposed of. */
export interface HeldPorts extends AsyncDisposable {
  readonly ports: StackPorts;
}

export interface BusyPorts {
  readonly code: 'ports';
  readonly problems: readonly PortProblem[];
}

/** `neon_front` -> `--port-neon-front`. */
export function portOption(name: PortName): string {
  return `--port-${name.replaceAll('_', '-')}`;
}

/** `neon_front` -> `MARVEL_PORT_NEON_FRONT`. */
export function portVariable(name: PortName): string {
  return `MARVEL_PORT_${name.toUpperCase()}`;
}

/** What a port is for, and its default. */
export function describePort(name: PortName): { readonly part: string; readonly port: number } {
  return known[name];
}

/** Free ports for all. */
export async function holdFreePorts(): Promise<HeldPorts> {
  return reservePorts([...portNames, ...unnamed]);
}

/** What the parts of a stack that was just killed take to end. */
const killedStackMs = 3_000;
/**
 * Ports from 32768 on are also those that Linux gives to outgoing connections, and it keeps one for a minute after such a
 * connection was closed. Source: tcp(7), TIME_WAIT.
 */
const closedConnectionMs = 65_000;
const pollMs = 100;

/** Waits for ports that nobody serves on, or that a killed stack is about to leave. */
async function awaitPorts(
  wanted: readonly WantedPort[],
  say: (step: string) => void,
  signal: AbortSignal | undefined,
): Promise<Result<void, BusyPorts>> {
  const startedAtMs = performance.now();
  let isTold = false;
  for (;;) {
    const checked = await checkPorts(wanted);
    if (checked.ok) return checked;
    const problems = checked.error;
    const busy = problems.filter(({ code }) => code === 'busy').map((problem) => problem.wanted.port);
    const isServed = (await Promise.all(busy.map(async (port) => takesConnections(port)))).some(Boolean);
    const patienceMs = isServed ? killedStackMs : closedConnectionMs;
    const isHopeless = busy.length < problems.length || performance.now() - startedAtMs > patienceMs;
    if (isHopeless || signal?.aborted === true) return err({ code: 'ports', problems });
    if (!isTold) say(`waiting for port ${busy.join(', ')}, which is in use`);
    isTold = true;
    await sleep(pollMs);
  }
}

/**
 * The ports that people know, or those chosen instead.
 *
 * Errors: `ports`, naming each that another program serves on (after 3 s), or that the system holds (after 65 s).
 */
export async function holdKnownPorts(
  chosen: Partial<Readonly<Record<PortName, number>>>,
  say: (step: string) => void,
  signal: AbortSignal | undefined,
): Promise<Result<HeldPorts, BusyPorts>> {
  const wanted: WantedPort[] = portNames.map((name) => ({
    part: known[name].part,
    port: chosen[name] ?? known[name].port,
    option: portOption(name),
    env: portVariable(name),
  }));
  const free = await awaitPorts(wanted, say, signal);
  if (!free.ok) return free;
  const rest = await reservePorts(unnamed);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one entry for each name
  const named = Object.fromEntries(portNames.map((name) => [name, chosen[name] ?? known[name].port])) as Record<
    PortName,
    number
  >;
  return ok({
    ports: { ...named, ...rest.ports },
    [Symbol.asyncDispose]: async () => rest[Symbol.asyncDispose](),
  });
}
