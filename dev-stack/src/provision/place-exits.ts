import { checkPorts, reservePorts } from '../ports.ts';
import type { SecretStore } from '../state/secrets.ts';
import { exitsOfThisMachine, type PlacedExit } from './exits.ts';

/** The exits of the stack with their ports, which are held until disposed of. */
export interface HeldExits extends AsyncDisposable {
  readonly exits: readonly PlacedExit[];
}

/**
 * Gives each exit a port: the one of an earlier start while it is free, so that it stays the same exit, else a free one
 * that is remembered.
 */
export async function placeExits(secrets: SecretStore): Promise<HeldExits> {
  const exits = await exitsOfThisMachine();
  const before = secrets.current.exit_ports;
  const checked = await checkPorts(
    Object.entries(before).map(([name, port]) => ({ part: name, port, option: '', env: '' })),
  );
  const busy = new Set(checked.ok ? [] : checked.error.map(({ wanted }) => wanted.part));
  const homeless = exits.map(({ name }) => name).filter((name) => before[name] === undefined || busy.has(name));
  const fresh = await reservePorts(homeless);
  const exit_ports = { ...before, ...fresh.ports };
  if (homeless.length > 0) await secrets.update({ exit_ports });
  return {
    exits: exits.flatMap((exit) => {
      const port = exit_ports[exit.name];
      return port === undefined ? [] : [{ ...exit, port }];
    }),
    [Symbol.asyncDispose]: async () => fresh[Symbol.asyncDispose](),
  };
}
