import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const program = fileURLToPath(new URL('../../../gateway/native/compile.ts', import.meta.url));
const limitMs = 120_000;

/** Has the native sockets of the gateways compiled, once for each version. Gives what came of it, as a line: without them they cost more. */
export async function compileNativeSockets(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: limitMs });
  return stdout.trim();
}
