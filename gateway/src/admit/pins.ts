import type { NodeRecord } from '@marvel/shared/feed';

/** The exit that a sticky session holds. */
export interface Pin {
  readonly exit: string;
  readonly generation: number;
  readonly expiresAtMs: number;
}

/** Sessions remembered at once, about 200 bytes each; beyond it the one pinned longest ago is forgotten and starts at generation 1 again. */
const maxPins = 200_000;
/** For how long an expired pin is remembered, so that a session that comes back counts on. */
const memoryMs = 3_600_000;

/** The pins of this gateway, by account and session. Source: CONTRACT 3.6. */
export class Pins {
  /** The one pinned longest ago first. */
  readonly #pins = new Map<string, Pin>();

  /** The last pin of a session, expired or not. */
  get(account: string, session: string): Pin | undefined {
    return this.#pins.get(nameOf(account, session));
  }

  set(account: string, session: string, pin: Pin): void {
    const name = nameOf(account, session);
    this.#pins.delete(name);
    if (this.#pins.size >= maxPins) this.#dropFirst();
    this.#pins.set(name, pin);
  }

  /** Takes over what the edge says of a session, unless it has been moved here since. */
  adopt(node: NodeRecord): void {
    if ((this.get(node.account, node.session)?.generation ?? 0) > node.generation) return;
    this.set(node.account, node.session, {
      exit: node.exit,
      generation: node.generation,
      expiresAtMs: Date.parse(node.expires_at),
    });
  }

  /** The edge ended a node: its session starts anew. `nodeId`: `<account>/<session>`. */
  forget(nodeId: string): void {
    this.#pins.delete(nodeId);
  }

  /** Drops what expired long ago, from the one pinned longest ago up to the first that has not. Cost: O(dropped). */
  sweep(nowMs: number): void {
    for (const [name, pin] of this.#pins) {
      if (pin.expiresAtMs + memoryMs > nowMs) return;
      this.#pins.delete(name);
    }
  }

  #dropFirst(): void {
    for (const name of this.#pins.keys()) {
      this.#pins.delete(name);
      return;
    }
  }
}

function nameOf(account: string, session: string): string {
  return `${account}/${session}`;
}
