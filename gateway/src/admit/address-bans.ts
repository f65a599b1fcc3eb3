import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** When an address is banned, and for how long. Source: CONTRACT 3.10, ProxyMesh's documentation. */
export interface BanRule {
  /** Refusals within `windowMs` that earn a ban; 0 for never. */
  readonly refusals: number;
  readonly windowMs: number;
  readonly banMs: number;
}

/** Addresses whose refusals are counted, and addresses banned, at once; beyond it the one seen longest ago is forgotten. */
const maxAddresses = 16_384;
/** An IPv6 client has a whole /64 to itself, so that is its address here. Source: RFC 4291 section 2.5.4. */
const ipv6PrefixBytes = 8;

/**
 * Addresses that were refused for their credentials so often that they are not listened to for a while. Exact: each
 * refusal counts for `windowMs`. Memory: at most `maxAddresses` x (`refusals` x 8 + some 200) bytes.
 */
export class AddressBans {
  readonly #rule: BanRule;
  readonly #now: () => number;
  /** When each address was refused, oldest first; the address refused longest ago first. */
  readonly #refusals = new Map<string, number[]>();
  /** When each ban ends; the one that ends first first, since all last equally long. */
  readonly #endsAtMs = new Map<string, number>();

  /** `now`: of a clock that never goes back, ms. */
  constructor(rule: BanRule, now: () => number) {
    this.#rule = rule;
    this.#now = now;
  }

  /** Bans that stand, as of the last sweep. */
  get count(): number {
    return this.#endsAtMs.size;
  }

  isBanned(address: string): boolean {
    if (this.#endsAtMs.size === 0) return false;
    const endsAtMs = this.#endsAtMs.get(clientOf(address));
    return endsAtMs !== undefined && endsAtMs > this.#now();
  }

  /** Notes that an address was refused for its credentials; gives whether that has earned it a ban. */
  note(address: string): boolean {
    if (this.#rule.refusals === 0) return false;
    const client = clientOf(address);
    const nowMs = this.#now();
    if ((this.#endsAtMs.get(client) ?? 0) > nowMs) return false;
    const fromMs = nowMs - this.#rule.windowMs;
    const times = (this.#refusals.get(client) ?? []).filter((atMs) => atMs > fromMs);
    times.push(nowMs);
    this.#refusals.delete(client);
    if (times.length < this.#rule.refusals) {
      keep(this.#refusals, client, times);
      return false;
    }
    this.#endsAtMs.delete(client);
    keep(this.#endsAtMs, client, nowMs + this.#rule.banMs);
    return true;
  }

  /** Takes back the latest refusal of an address: it was the challenge that a good client waits for. */
  forgive(address: string): void {
    const client = clientOf(address);
    const times = this.#refusals.get(client);
    times?.pop();
    if (times?.length === 0) this.#refusals.delete(client);
  }

  /** Forgets what is over. Cost: O(forgotten). */
  sweep(): void {
    const nowMs = this.#now();
    for (const [client, endsAtMs] of this.#endsAtMs) {
      if (endsAtMs > nowMs) break;
      this.#endsAtMs.delete(client);
    }
    for (const [client, times] of this.#refusals) {
      if ((times.at(-1) ?? 0) > nowMs - this.#rule.windowMs) break;
      this.#refusals.delete(client);
    }
  }
}

function keep<V>(map: Map<string, V>, client: string, value: V): void {
  if (map.size >= maxAddresses) {
    for (const oldest of map.keys()) {
      map.delete(oldest);
      break;
    }
  }
  map.set(client, value);
}

function clientOf(address: string): string {
  if (!isIPv6(address)) return address;
  return ipaddr.parse(address).toByteArray().slice(0, ipv6PrefixBytes).join('.');
}
