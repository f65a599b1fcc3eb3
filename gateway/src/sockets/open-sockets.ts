import type { SecureContext } from 'node:tls';
import { DnsCache } from './dns-cache.ts';
import { NativeSockets, nativeEngine } from './native-sockets.ts';
import { NodeSockets } from './node-sockets.ts';
import type { Sockets } from './sockets.ts';

/**
 * Opens the sockets that the setting wants. `exitTrust`: what the certificate of an exit with TLS is checked against.
 * `openNative`: where native ones come from.
 *
 * Errors: rejects when only native ones would do and there are none. Where others do, `fault` says why it is those.
 */
export async function openSockets(
  wanted: 'auto' | 'native' | 'node',
  exitTrust: SecureContext,
  openNative: typeof nativeEngine = nativeEngine,
): Promise<Sockets & { readonly fault?: string }> {
  const names = new DnsCache();
  const node = await NodeSockets.open(exitTrust, names);
  if (wanted === 'node') return node;
  try {
    return new NativeSockets(openNative(), node, names);
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    if (wanted === 'native') throw new Error(`MARVEL_SOCKETS: there are no native sockets: ${fault}`, { cause: error });
    return Object.assign(node, { fault });
  }
}
