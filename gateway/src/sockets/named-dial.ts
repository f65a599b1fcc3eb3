import type { Dialled, Dialling, Leg } from './leg.ts';
import type { NativeEngine } from './native-engine.ts';
import { NativeLeg } from './native-leg.ts';
import type { Names } from './names.ts';

/** How long one address has before the next is tried beside it, ms. Source: RFC 8305 section 5. */
const nextAttemptMs = 250;

/** A dial of a name: its addresses one after the other, the next as soon as one has failed or takes long; the first that takes it wins. */
export class NamedDial implements Dialled {
  readonly #engine: NativeEngine;
  readonly #names: Names;
  readonly #name: string;
  readonly #port: number;
  readonly #dialling: Dialling;
  #untried: readonly string[] = [];
  readonly #attempts = new Set<Attempt>();
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(engine: NativeEngine, names: Names, name: string, port: number, dialling: Dialling) {
    this.#engine = engine;
    this.#names = names;
    this.#name = name;
    this.#port = port;
    this.#dialling = dialling;
    const known = names.known(name);
    if (known !== undefined) this.#begin(known);
    else {
      names.learn(name, ({ addresses, error }) => {
        if (this.#isOver) return;
        if (addresses === undefined) this.#fail(error);
        else this.#begin(addresses);
      });
    }
  }

  destroy(): void {
    if (this.#isOver) return;
    this.#end();
    for (const attempt of this.#attempts) attempt.destroy();
  }

  won(winner: Attempt, leg: Leg, address: string): void {
    if (this.#isOver) {
      leg.destroy();
      return;
    }
    this.#end();
    for (const attempt of this.#attempts) if (attempt !== winner) attempt.destroy();
    this.#names.prefer(this.#name, address);
    leg.receiver = this.#dialling;
    this.#dialling.onConnect(leg);
  }

  lost(attempt: Attempt, error: NodeJS.ErrnoException | undefined): void {
    this.#attempts.delete(attempt);
    if (this.#isOver) return;
    if (this.#untried.length > 0) this.#try();
    else if (this.#attempts.size === 0) this.#fail(error);
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
    this.#end();
    this.#dialling.onClose(error);
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
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
