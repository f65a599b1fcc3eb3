import { parseArgs } from 'node:util';
import { err, ok, type Result } from '@marvel/shared/result';
import { describePort, portNames, portOption, portVariable, type PortName } from '../stack-ports.ts';

/** What a person asked for on the command line. */
export interface StartArguments {
  readonly help: boolean;
  readonly ephemeral: boolean;
  readonly gateways: number;
  /** Of each gateway. */
  readonly processes: number;
  /** Default: `.marvel` in the repository. */
  readonly stateDirectory: string | undefined;
  readonly ports: Partial<Readonly<Record<PortName, number>>>;
}

/** More gateway processes than a machine that this is meant for has use for. */
const maxGateways = 32;

const stateVariable = 'MARVEL_STATE';

const flags = {
  help: { type: 'boolean', short: 'h' },
  ephemeral: { type: 'boolean' },
  gateways: { type: 'string' },
  processes: { type: 'string' },
  state: { type: 'string' },
} as const;

function readInteger(text: string, min: number, max: number): number | undefined {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

function readPorts(
  values: Readonly<Record<string, string | boolean | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
): Result<StartArguments['ports'], string> {
  const ports: Partial<Record<PortName, number>> = {};
  for (const name of portNames) {
    const option = portOption(name);
    const given = values[option.slice('--'.length)];
    const variable = environment[portVariable(name)];
    const source = given === undefined ? portVariable(name) : option;
    const text = typeof given === 'string' ? given : variable;
    if (text === undefined || text === '') continue;
    const port = readInteger(text, 1, 65_535);
    if (port === undefined) return err(`${source}: expected a port from 1 to 65535.`);
    ports[name] = port;
  }
  return ok(ports);
}

/** Reads the command line; an option wins over its environment variable. Errors: one line that says what is wrong. */
export function readArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Result<StartArguments, string> {
  const portFlags = Object.fromEntries(
    portNames.map((name) => [portOption(name).slice(2), { type: 'string' as const }]),
  );
  let values: Readonly<Record<string, string | boolean | undefined>>;
  try {
    // `pnpm start -- --help` passes the `--` on.
    const given = args[0] === '--' ? args.slice(1) : [...args];
    ({ values } = parseArgs({ args: given, options: { ...flags, ...portFlags }, allowPositionals: false }));
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
  const gateways = readInteger(String(values['gateways'] ?? '1'), 1, maxGateways);
  if (gateways === undefined) return err(`--gateways: expected a number from 1 to ${maxGateways}.`);
  const processes = readInteger(String(values['processes'] ?? '1'), 1, maxGateways);
  if (processes === undefined) return err(`--processes: expected a number from 1 to ${maxGateways}.`);
  const ports = readPorts(values, environment);
  if (!ports.ok) return ports;
  const state = values['state'] ?? environment[stateVariable];
  return ok({
    stateDirectory: typeof state === 'string' && state !== '' ? state : undefined,
    help: values['help'] === true,
    ephemeral: values['ephemeral'] === true,
    gateways,
    processes,
    ports: ports.value,
  });
}

/** The text of `--help`. */
export function usage(): string {
  const options: (readonly [string, string])[] = [
    ['--ephemeral', 'free ports and a throw-away database; several may run at once'],
    ['--gateways <n>', `so many gateways, 1 to ${maxGateways}; the first has the known ports, the others free ones`],
    ['--processes <n>', `so many processes of each gateway, 1 to ${maxGateways}, on the same addresses`],
    ['--state <directory>', `where state lives on; default .marvel; or ${stateVariable}`],
    ['--help', 'this text'],
    ...portNames.map((name) => {
      const { part, port } = describePort(name);
      return [`${portOption(name)} <port>`, `${part}; default ${port}; or ${portVariable(name)}`] as const;
    }),
  ];
  const width = Math.max(...options.map(([option]) => option.length));
  return [
    'npx pnpm@12 start [options]',
    '',
    'Runs the whole of Marvel on this machine until Ctrl-C. State lives under .marvel/; remove it to start afresh.',
    '',
    ...options.map(([option, text]) => `  ${option.padEnd(width)}  ${text}`),
    '',
  ].join('\n');
}
