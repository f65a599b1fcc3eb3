import { Roster } from '@marvel/shared/roster';
import type { Principal } from '../admission.ts';
import type { EndReason } from '../tunnel-end.ts';
import type { LiveTunnel, TunnelTimes } from './live-tunnel.ts';

/** The live tunnels of this gateway, and how many each credential and account has open or is dialling. */
export class TunnelTable {
  readonly #tunnels = new Roster<LiveTunnel>();
  readonly #byCredential = new Map<string, number>();
  readonly #byAccount = new Map<string, number>();
  #count = 0;
  #onEmpty: (() => void) | undefined;

  /** Tunnels open or being dialled. */
  get count(): number {
    return this.#count;
  }

  /** Resolves when no tunnel is left. One caller at a time. */
  async whenEmpty(): Promise<void> {
    if (this.#count === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    await promise;
  }

  tunnelsOf(credential: string): number {
    return this.#byCredential.get(credential) ?? 0;
  }

  tunnelsOfAccount(account: string): number {
    return this.#byAccount.get(account) ?? 0;
  }

  /** Counts a tunnel from its admission on, so that many at once cannot pass a limit. */
  enter({ account, credential }: Principal): void {
    this.#count += 1;
    add(this.#byCredential, credential, 1);
    add(this.#byAccount, account, 1);
  }

  /** The other half of `enter`. */
  leave({ account, credential }: Principal): void {
    this.#count -= 1;
    add(this.#byCredential, credential, -1);
    add(this.#byAccount, account, -1);
    if (this.#count === 0) this.#onEmpty?.();
  }

  open(tunnel: LiveTunnel): void {
    tunnel.seat = this.#tunnels.add(tunnel);
  }

  close(tunnel: LiveTunnel): void {
    if (tunnel.seat !== undefined) this.#tunnels.remove(tunnel.seat);
  }

  /** Cuts the tunnels that a condition holds for. Cost: O(live tunnels). */
  cut(reason: EndReason, condition: (tunnel: LiveTunnel) => boolean): void {
    for (const tunnel of this.#tunnels.items()) if (condition(tunnel)) tunnel.cut(reason);
  }

  /** Ends what has been quiet or half closed too long, or whose credential has expired. */
  sweep(times: TunnelTimes): void {
    const nowMs = performance.now();
    const dateMs = Date.now();
    for (const tunnel of this.#tunnels.items()) {
      if (tunnel.owner.expiresAtMs <= dateMs) tunnel.cut('credential_ended');
      else tunnel.sweep(nowMs, times);
    }
  }

  /** Bytes that live tunnels have carried so far. */
  bytes(): { readonly up: number; readonly down: number } {
    let up = 0;
    let down = 0;
    for (const tunnel of this.#tunnels.items()) {
      up += tunnel.bytesUp;
      down += tunnel.bytesDown;
    }
    return { up, down };
  }
}

function add(counts: Map<string, number>, name: string, change: number): void {
  const count = (counts.get(name) ?? 0) + change;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}
