import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where a stack keeps what it has to find again, and what it writes while it runs. */
export interface StateDirectory {
  readonly path: string;
  /** Whether it goes with the stack. */
  readonly isThrowAway: boolean;
  readonly secretsFile: string;
  readonly stackFile: string;
  readonly stripeFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly edgeVariablesFile: string;
  readonly edgeState: string;
  readonly postgresData: string;
  logFile(part: string): string;
  gatewayState(name: string): string;
  remove(): Promise<void>;
}

/** Opens the directory at `path`, made where it is missing; without a path a throw-away one. */
export async function openStateDirectory(wanted: string | undefined): Promise<StateDirectory> {
  const path = wanted === undefined ? await realpath(await mkdtemp(join(tmpdir(), 'marvel-stack-'))) : resolve(wanted);
  await mkdir(join(path, 'logs'), { recursive: true });
  return {
    path,
    isThrowAway: wanted === undefined,
    secretsFile: join(path, 'secrets.json'),
    stackFile: join(path, 'stack.json'),
    stripeFile: join(path, 'stripe.json'),
    certificateFile: join(path, 'certificate.pem'),
    keyFile: join(path, 'certificate-key.pem'),
    edgeVariablesFile: join(path, 'edge.env'),
    edgeState: join(path, 'edge'),
    postgresData: join(path, 'postgres'),
    logFile: (part) => join(path, 'logs', `${part}.log`),
    gatewayState: (name) => join(path, 'gateways', name),
    remove: async () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}
