// Compiles the native sockets for this machine, where there is a C compiler; without them a gateway runs on Node's own.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { err, ok, type Result } from '@marvel/shared/result';
import { nativeModulePath, nativeSource } from '../src/sockets/native-module.ts';

const run = promisify(execFile);
const limitMs = 60_000;
const headers = dirname(createRequire(import.meta.url).resolve('node-api-headers/include/node_api.h'));
const flags = ['-O2', '-fPIC', '-shared', '-Wall', '-Wextra', '-D_GNU_SOURCE', '-D_FORTIFY_SOURCE=2'];

/** Compiles unless that was done already; gives the path. Errors: why it cannot be, in a line or more. */
export async function compileNativeSockets(
  path: string = nativeModulePath(),
  compiler = 'cc',
): Promise<Result<string, string>> {
  if (existsSync(path)) return ok(path);
  if (process.platform !== 'linux') return err('the native sockets are for Linux');
  await mkdir(dirname(path), { recursive: true });
  // Several may compile at once; each puts its own in place whole.
  const fresh = `${path}.${process.pid}`;
  try {
    await run(compiler, [...flags, '-I', headers, '-o', fresh, nativeSource], { timeout: limitMs });
    await rename(fresh, path);
    return ok(path);
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    return err(said || `there is no C compiler (${error instanceof Error ? error.message : String(error)})`);
  }
}

if (import.meta.main) {
  const compiled = await compileNativeSockets();
  process.stdout.write(
    compiled.ok
      ? `Native sockets: ${compiled.value}\n`
      : `No native sockets, so gateways run on Node's own, which cost more: ${compiled.error}\n`,
  );
}
