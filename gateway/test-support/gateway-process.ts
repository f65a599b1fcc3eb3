import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { onTestFinished } from 'vitest';

const child = fileURLToPath(new URL('gateway-child.ts', import.meta.url));
const Started = v.object({ address: v.string(), tlsAddress: v.string(), key: v.string() });

/** A gateway in a process of its own, until the test is over. */
export interface GatewayProcess extends v.InferOutput<typeof Started> {
  readonly pid: number;
}

/** Starts a gateway with one exit in a process of its own. `before`: what the shell does first. */
export async function spawnGateway(
  exitPort: number,
  settings: Readonly<Record<string, string>> = {},
  before = ':',
): Promise<GatewayProcess> {
  const args = ['-c', `${before}; exec "$0" "$@"`, process.execPath, child, String(exitPort), JSON.stringify(settings)];
  const gateway = spawn('sh', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void gateway.kill('SIGKILL'));
  const line = await new Promise<unknown>((resolve) => gateway.stdout.once('data', resolve));
  const { pid } = gateway;
  if (pid === undefined) throw new Error('not started');
  return { ...v.parse(Started, JSON.parse(String(line))), pid };
}
