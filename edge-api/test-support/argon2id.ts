import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import setupWasm from 'argon2id/lib/setup.js';
import type { Argon2id } from '../src/domain/password-hash.ts';

/** The same WASM as in the Worker, compiled in Node. */
export async function loadForTests(): Promise<Argon2id> {
  const wasm = await readFile(createRequire(import.meta.url).resolve('argon2id/dist/simd.wasm'));
  const instantiate = async (imports: WebAssembly.Imports) => WebAssembly.instantiate(wasm, imports);
  const compute = await setupWasm(instantiate, instantiate);
  return (input) => compute({ ...input });
}
