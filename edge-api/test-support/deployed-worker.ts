import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { preparedRun } from '@marvel/dev-stack/prepared-run';
import * as v from 'valibot';
import { unstable_getMiniflareWorkerOptions as readWorkerOptions } from 'wrangler';

const config = fileURLToPath(new URL('../../wrangler.toml', import.meta.url));
const main = 'worker.js';
const Bindings = v.record(v.string(), v.string());

/**
 * The Worker as `wrangler deploy` would upload it, with all that `wrangler.toml` says of it and further variables, for a
 * workerd of its own: no proxy of `wrangler dev` stands before it, and no other process between it and what it fetches.
 */
export function deployedWorker(variables: Readonly<Record<string, string>>) {
  const folder = preparedRun()?.workerFolder;
  if (folder === undefined)
    throw new Error('the Worker is built by the set-up of this room: run its tests with vitest');
  // Modules are named below instead.
  const { modulesRules: _, ...options } = readWorkerOptions(config).workerOptions;
  const wasm = readdirSync(folder).filter((name) => name.endsWith('.wasm'));
  return {
    ...options,
    rootPath: folder,
    modulesRoot: folder,
    modules: [
      { type: 'ESModule' as const, path: join(folder, main) },
      ...wasm.map((name) => ({ type: 'CompiledWasm' as const, path: join(folder, name) })),
    ],
    bindings: { ...v.parse(Bindings, options['bindings']), ...variables },
  };
}
