import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Transport } from '@marvel/shared/exit';
import type { Dialled, Dialling, Leg } from './leg.ts';
import type { ListenAddress, Listener } from './listener.ts';
import { NamedDial } from './named-dial.ts';
import type { DnsCache } from './dns-cache.ts';
import { NativeEngine } from './native-engine.ts';
import { NativeLeg } from './native-leg.ts';
import { openNativeListener } from './native-listener.ts';
import { loadNativeModule } from './native-module.ts';
import type { Sockets } from './sockets.ts';

/** One for the process: the module is loaded once. */
let engine: NativeEngine | undefined;

/** The engine of this process. Errors: throws when the module is not there, or does not fit this machine. */
export function nativeEngine(): NativeEngine {
  engine ??= new NativeEngine(loadNativeModule());
  return engine;
}

/** Connections on descriptors of ours, with Node's for what needs TLS. */
export class NativeSockets implements Sockets {
  readonly kind = 'native';
  readonly #engine: NativeEngine;
  readonly #others: Sockets;
  readonly #names: DnsCache;

  constructor(native: NativeEngine, others: Sockets, names: DnsCache) {
    this.#engine = native;
    this.#others = others;
    this.#names = names;
  }

  async listen(listen: ListenAddress, onLeg: (leg: Leg) => void): Promise<Listener> {
    const { host } = listen;
    // An address of one zone only.
    if (host.includes('%')) return this.#others.listen(listen, onLeg);
    return openNativeListener(this.#engine, listen, onLeg);
  }

  dial(transport: Transport, dialling: Dialling): Dialled {
    const { host, port, tls } = transport;
    if (tls || host.includes('%')) return this.#others.dial(transport, dialling);
    if (isIP(host) === 0) return new NamedDial(this.#engine, this.#names, host, port, dialling);
    return NativeLeg.dial(this.#engine, host, port, dialling);
  }

  ofTls(socket: TLSSocket): Leg {
    return this.#others.ofTls(socket);
  }

  tidy(): void {
    this.#engine.module.tidy();
  }
}
