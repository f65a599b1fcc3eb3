import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { getSystemErrorMessage } from 'node:util';
import type { Leg } from './leg.ts';
import { backlog, formatAddress, type ListenAddress, type Listener, nobody } from './listener.ts';
import { type NativeEngine, type NativeTarget, systemError } from './native-engine.ts';
import { NativeLeg } from './native-leg.ts';

/** Connections taken before others have their turn; what is more is told of again. */
const maxAccepts = 64;

/** As `openListener`, with legs on descriptors of ours. */
export async function openNativeListener(
  engine: NativeEngine,
  { host, port, reusePort = false }: ListenAddress,
  onLeg: (leg: Leg) => void,
): Promise<Listener> {
  const { address } = isIP(host) === 0 ? await lookup(host) : { address: host };
  const { module } = engine;
  const fd = module.listen(address, port, backlog, reusePort);
  if (fd < 0) {
    const error = systemError(fd, 'listen');
    error.message = `listen ${error.code}: ${getSystemErrorMessage(fd)} ${formatAddress(address, port)}`;
    throw error;
  }
  return new NativeListener(engine, fd, formatAddress(engine.text(), module.reply[1] ?? 0), onLeg);
}

class NativeListener implements Listener, NativeTarget {
  readonly address: string;
  readonly #engine: NativeEngine;
  readonly #fd: number;
  readonly #onLeg: (leg: Leg) => void;
  #isOpen = true;

  constructor(engine: NativeEngine, fd: number, address: string, onLeg: (leg: Leg) => void) {
    this.address = address;
    this.#engine = engine;
    this.#fd = fd;
    this.#onLeg = onLeg;
    engine.add(fd, this);
  }

  onReady(): void {
    const { module } = this.#engine;
    for (let accepts = 0; this.#isOpen && accepts < maxAccepts; accepts += 1) {
      const accepted = module.accept(this.#fd);
      // Nobody is left, or went away, or it is a lack that passes: it is told of again while there is somebody.
      if (accepted < 0) return;
      this.#onLeg(NativeLeg.ofAccepted(this.#engine, accepted, this.#engine.text(), nobody));
    }
  }

  goOn(): void {
    // It puts nothing off.
  }

  onRetired(): void {
    // Nobody waits for it.
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#engine.retire(this.#fd, this);
  }
}
