import simd from 'argon2id/dist/simd.wasm';
import setupWasm from 'argon2id/lib/setup.js';
import type { Argon2id } from '../domain/password-hash.ts';

let loading: Promise<Argon2id> | undefined;

/**
 * Loads argon2id. Its WASM is a static import since workerd compiles none at run time; workerd always has SIMD.
 *
 * The first call of an isolate takes 65 MB of memory, which later calls use again.
 */
export async function loadArgon2id(): Promise<Argon2id> {
  loading ??= setupWasm(instantiate, instantiate);
  return loading;
}

async function instantiate(imports: WebAssembly.Imports) {
  return { instance: await WebAssembly.instantiate(simd, imports), module: simd };
}
