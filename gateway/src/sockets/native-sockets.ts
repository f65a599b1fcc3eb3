import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Transport } from '@marvel/shared/exit';
import type { Dialling, Leg } from './leg.ts';
import type { ListenAddress, Listener } from './listener.ts';
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

/** Connections on descriptors of ours, with Node's for what needs TLS or a name looked up. */
export class NativeSockets implements Sockets {
  readonly kind = 'native';
  readonly #engine: NativeEngine;
  readonly #others: Sockets;

  constructor(native: NativeEngine, others: Sockets) {
    this.#engine = native;
    this.#others = others;
  }

  async listen(listen: ListenAddress, onLeg: (leg: Leg) => void): Promise<Listener> {
    const { host } = listen;
    if (isIP(host) !== 0 && !isPlainAddress(host)) return this.#others.listen(listen, onLeg);
    return openNativeListener(this.#engine, listen, onLeg);
  }

  dial(transport: Transport, dialling: Dialling): Leg {
    const { host, port, tls } = transport;
    if (tls || !isPlainAddress(host)) return this.#others.dial(transport, dialling);
    return NativeLeg.dial(this.#engine, host, port, dialling);
  }

  ofTls(socket: TLSSocket): Leg {
    return this.#others.ofTls(socket);
  }

  tidy(): void {
    this.#engine.module.tidy();
  }
}

/** Of one zone only, and no name. */
function isPlainAddress(host: string): boolean {
  return isIP(host) !== 0 && !host.includes('%');
}
