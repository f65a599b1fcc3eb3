import type { Dialled, Dialling, Leg } from './leg.ts';
import type { NativeEngine } from './native-engine.ts';
import { NativeLeg } from './native-leg.ts';
import type { DnsCache } from './dns-cache.ts';

/** How long one address has before the next is tried beside it, ms. Source: RFC 8305 section 5. */
const nextAttemptMs = 250;

/**
 * A dial of a name: its addresses one after the other, the next as soon as one has failed or takes long; the first that takes
 * it wins. Source: RFC 8305, Happy Eyeballs.
 */
export class NamedDial implements Dialled {
  readonly #engine: NativeEngine;
  readonly #names: DnsCache;
  readonly #name: string;
  readonly #port: number;
  /** Until it is told: a look-up may take long, and keeps nobody who has given up. */
  #dialling: Dialling | undefined;
  #untried: readonly string[] = [];
  readonly #attempts = new Set<Attempt>();
  #timer: NodeJS.Timeout | undefined;
  /** Of the address that is best: what others lack, this host may lack the family for. */
  #error: NodeJS.ErrnoException | undefined;

  constructor(engine: NativeEngine, names: DnsCache, name: string, port: number, dialling: Dialling) {
    this.#engine = engine;
    this.#names = names;
    this.#name = name;
    this.#port = port;
    this.#dialling = dialling;
    const known = names.known(name);
    if (known !== undefined) this.#begin(known);
    else {
      names.learn(name, ({ addresses, error }) => {
        if (this.#dialling === undefined) return;
        if (addresses !== undefined) this.#begin(addresses);
        else this.#fail(error);
      });
    }
  }

  destroy(): void {
    this.#end();
    for (const attempt of this.#attempts) attempt.destroy();
  }

  won(winner: Attempt, leg: Leg, address: string): void {
    const dialling = this.#end();
    for (const attempt of this.#attempts) if (attempt !== winner) attempt.destroy();
    if (dialling === undefined) {
      leg.destroy();
      return;
    }
    this.#names.prefer(this.#name, address);
    leg.receiver = dialling;
    dialling.onConnect(leg);
  }

  lost(attempt: Attempt, error: NodeJS.ErrnoException | undefined): void {
    this.#attempts.delete(attempt);
    if (this.#dialling === undefined) return;
    this.#error ??= error;
    if (this.#untried.length > 0) this.#try();
    else if (this.#attempts.size === 0) this.#fail(this.#error);
  }

  #begin(addresses: readonly string[]): void {
    this.#untried = addresses;
    this.#try();
  }

  #try(): void {
    clearTimeout(this.#timer);
    const [address, ...untried] = this.#untried;
    if (address === undefined) return;
    this.#untried = untried;
    this.#attempts.add(new Attempt(this.#engine, address, this.#port, this));
    if (untried.length > 0) this.#timer = setTimeout(() => this.#try(), nextAttemptMs);
  }

  #fail(error: NodeJS.ErrnoException | undefined): void {
    this.#end()?.onClose(error);
  }

  /** Gives who is to be told, once. */
  #end(): Dialling | undefined {
    clearTimeout(this.#timer);
    const dialling = this.#dialling;
    this.#dialling = undefined;
    return dialling;
  }
}

/** One address on trial. */
class Attempt implements Dialling {
  readonly #dial: NamedDial;
  readonly #address: string;
  readonly #leg: Leg;

  constructor(engine: NativeEngine, address: string, port: number, dial: NamedDial) {
    this.#dial = dial;
    this.#address = address;
    this.#leg = NativeLeg.dial(engine, address, port, this);
  }

  destroy(): void {
    this.#leg.destroy();
  }

  onConnect(leg: Leg): void {
    this.#dial.won(this, leg, this.#address);
  }

  onBytes(): boolean {
    // Of one that has lost; the winner's receiver is another.
    return false;
  }

  onEnd(): void {
    // As above.
  }

  onClose(error: NodeJS.ErrnoException | undefined): void {
    this.#dial.lost(this, error);
  }
}
