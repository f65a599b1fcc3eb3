import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';
import { type GatewayConfig, readConfig } from '../config.ts';
import { type Environment, readSettings } from '../read-settings.ts';
import { File, integer } from '../setting-schemas.ts';
import { type Identity, maxProcesses, readIdentities } from './identities.ts';

/** The settings of the process that starts the others. */
export const ProcessesConfig = v.object({
  /** How many processes serve together, each a gateway of the fleet; `--processes` wins. */
  MARVEL_PROCESSES: integer(1, maxProcesses, 1),
  /** A JSON file of what each of them is known by: `[{"id":"gtw_…","token":"gw_…","signing_key":{…}}]`. */
  MARVEL_GATEWAYS: File,
});

/** One process to be run. */
export interface ProcessPlan {
  /** From 1. */
  readonly number: number;
  /** Id of the gateway that it is. */
  readonly gateway: string;
  readonly environment: Environment;
  /** To be made before it starts. */
  readonly stateDirectory: string | undefined;
}

/** What is to be run. */
export interface ProcessesPlan {
  readonly processes: readonly ProcessPlan[];
  /** What all of them have in common. */
  readonly config: GatewayConfig;
}

/** The listeners that all processes share; none may be left to chance. */
const shared = [
  'MARVEL_LISTEN',
  'MARVEL_LISTEN_TLS',
  'MARVEL_LISTEN_SOCKS5',
  'MARVEL_LISTEN_PROXIES_FO_RESIDENTIAL',
  'MARVEL_LISTEN_PROXIES_FO_ISP',
  'MARVEL_LISTEN_PROXIES_FO_DATACENTER',
  'MARVEL_LISTEN_PROXYMESH',
] as const;

/**
 * Reads what processes are wanted; `undefined` when this one is to serve by itself. Errors: one line for each thing that
 * is wrong, never with a secret.
 */
export async function planProcesses(
  args: readonly string[],
  environment: Environment,
  readText: (path: string) => Promise<string>,
): Promise<Result<ProcessesPlan | undefined, readonly string[]>> {
  const given = readArguments(args);
  if (!given.ok) return given;
  const settings = readSettings(ProcessesConfig, {
    ...environment,
    ...(given.value !== undefined && { MARVEL_PROCESSES: given.value }),
  });
  if (!settings.ok) return settings;
  const { MARVEL_PROCESSES: count, MARVEL_GATEWAYS: file } = settings.value;
  if (file === undefined) {
    return count === 1
      ? ok(undefined)
      : err(['MARVEL_GATEWAYS is not set: expected a file with an identity for each process']);
  }
  const text = await readText(file).catch(() => undefined);
  if (text === undefined) return err(['MARVEL_GATEWAYS is not valid: expected a file that can be read']);
  const identities = readIdentities(text);
  if (!identities.ok) return err([`MARVEL_GATEWAYS is not valid: expected ${identities.error}`]);
  if (identities.value.length < count) {
    return err([`MARVEL_GATEWAYS holds ${identities.value.length} identities for ${count} processes`]);
  }
  return plan(identities.value.slice(0, count), environment);
}

function plan(identities: readonly Identity[], environment: Environment): Result<ProcessesPlan, readonly string[]> {
  const [first] = identities;
  const read = readConfig({ ...environment, ...(first && identityOf(first)) });
  if (!read.ok) return read;
  const config = read.value;
  const chance = shared.filter((name) => config[name]?.port === 0);
  if (chance.length > 0)
    return err(chance.map((name) => `${name} is not valid: expected a port that processes can share`));
  const processes = identities.map((identity, index) => {
    const stateDirectory = config.MARVEL_STATE_DIR && join(config.MARVEL_STATE_DIR, identity.id);
    return {
      number: index + 1,
      gateway: identity.id,
      stateDirectory,
      environment: {
        ...environment,
        ...identityOf(identity),
        MARVEL_PROCESSES: undefined,
        MARVEL_GATEWAYS: undefined,
        MARVEL_REUSE_PORT: 'on',
        MARVEL_LISTEN_ADMIN: '127.0.0.1:0',
        MARVEL_STATE_DIR: stateDirectory,
      },
    };
  });
  return ok({ processes, config });
}

function identityOf({ id, token, signing_key: key }: Identity): Environment {
  return { MARVEL_GATEWAY_ID: id, MARVEL_GATEWAY_TOKEN: token, MARVEL_GATEWAY_SIGNING_KEY: JSON.stringify(key) };
}

function readArguments(args: readonly string[]): Result<string | undefined, readonly string[]> {
  try {
    const { values } = parseArgs({ args: [...args], options: { processes: { type: 'string' } } });
    return ok(values.processes);
  } catch (error) {
    return err([error instanceof Error ? error.message : String(error)]);
  }
}
