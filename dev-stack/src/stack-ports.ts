import { err, ok, type Result } from '@marvel/shared/result';
import { checkPorts, reservePorts, type PortProblem, type WantedPort } from './ports.ts';

/** The ports that people know, and their defaults. Source: CONTRACT section 8 and 3.1. */
const known = {
  api: { part: 'the control API', port: 8787 },
  postgres: { part: 'PostgreSQL', port: 54_329 },
  neon_front: { part: 'the Neon front of the database', port: 54_330 },
  stripe: { part: 'the Stripe stand-in', port: 12_111 },
  echo: { part: 'the echo origin', port: 8888 },
  echo_tls: { part: 'the echo origin with TLS', port: 8889 },
  marvel: { part: 'the gateway', port: 9000 },
  admin: { part: 'the health and metrics of the gateway', port: 9090 },
} as const;
export type PortName = keyof typeof known;

// eslint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a literal object are its keys
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

/** The ports that people know, or those chosen instead. Errors: `ports`, naming each that cannot be had. */
export async function holdKnownPorts(
  chosen: Partial<Readonly<Record<PortName, number>>>,
): Promise<Result<HeldPorts, BusyPorts>> {
  const wanted: WantedPort[] = portNames.map((name) => ({
    part: known[name].part,
    port: chosen[name] ?? known[name].port,
    option: portOption(name),
    env: portVariable(name),
  }));
  const checked = await checkPorts(wanted);
  if (!checked.ok) return err({ code: 'ports', problems: checked.error });
  const rest = await reservePorts(unnamed);
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- one entry for each name
  const named = Object.fromEntries(portNames.map((name) => [name, chosen[name] ?? known[name].port])) as Record<
    PortName,
    number
  >;
  return ok({
    ports: { ...named, ...rest.ports },
    [Symbol.asyncDispose]: async () => rest[Symbol.asyncDispose](),
  });
}
