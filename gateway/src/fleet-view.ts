import type {
  AccountRecord,
  AuthorizedSourceRecord,
  DestinationPolicy,
  FeedRecord,
  NodeRecord,
  SubUserRecord,
} from '@marvel/shared/feed';
import type { Exit, Network } from '@marvel/shared/exit';
import type { Limits } from '@marvel/shared/limits';

/** What a key's digest resolves to. */
export interface KeyEntry {
  readonly id: string;
  readonly account: string;
  /** An `mk_test_` key: it never bills. */
  readonly test: boolean;
  readonly limits: Limits;
}

/** What the feed says of an account. */
export type AccountEntry = Omit<AccountRecord, 'kind'>;

/**
 * What changed: a record of the feed as it came (a tombstone for what is gone), or `reset` when everything was read anew
 * (first load, new epoch), after which whatever is held open has to be judged again.
 */
export type FleetChange = FeedRecord | { readonly kind: 'reset' };

/**
 * The fleet's state as the feed last told it, for decisions on the way of a request: every look-up is in memory, none
 * waits. Look-ups are O(1) and give fresh or immutable values; do not change them.
 */
export interface FleetView {
  /** Whether the feed has been read to its head once, or restored from disk. Until then nothing is known: refuse with `stale_state`. */
  readonly isReady: boolean;
  /** Whether no valid page has come for `maxStaleMs`, by a clock that never runs slow: refuse new requests with `stale_state`. */
  isStale(): boolean;
  /** Another number after each change: while it stays, every look-up by the same words gives the same, expired or not. */
  readonly version: number;
  readonly maintenance: boolean;
  /** Refuses every destination before the first fleet record. */
  readonly policy: DestinationPolicy;
  /** Gateways enrolled and not revoked. */
  readonly fleetSize: number;
  /** `digest`: the 32 bytes of HMAC-SHA-256 of `proxyKeyDigestInput(key)` under the fleet's pepper. */
  keyByDigest(digest: Uint8Array): KeyEntry | undefined;
  /** The digest inside is base64url; compare it in constant time. */
  subUserByName(username: string): SubUserRecord | undefined;
  subUser(id: string): SubUserRecord | undefined;
  /** `address`: as the socket gives it; an IPv4-mapped IPv6 address is the IPv4 one. Where several authorise it: the one with the lowest id. */
  authorizedSource(address: string): AuthorizedSourceRecord | undefined;
  account(id: string): AccountEntry | undefined;
  /**
   * What is left of a budget (an account's id, or `<credential id>/<window>`) by the feed; `undefined` when the feed has
   * no word on it, or its window has ended since.
   */
  balanceBytes(budget: string): number | undefined;
  /**
   * Live and expired alike: `chooseExit` leaves out the expired. Valid until the next turn of the event loop. Without a
   * country: those of all, which costs O(exits of the network).
   */
  exits(network: Network, country: string | undefined): readonly Exit[];
  /** Those whose traffic leaves by an address, in any spelling. Valid as `exits` is. */
  exitsAt(address: string): readonly Exit[];
  exit(id: string): Exit | undefined;
  /** The pin of (account, session) as the edge knows it; `undefined` once it has expired at `nowMs` since 1970. */
  node(account: string, session: string, nowMs: number): NodeRecord | undefined;
  /** Tunnels that other gateways have open of a credential or an account, if its threads are limited; as of the last page. */
  tunnelsElsewhere(id: string): number;
  /** Calls `listener` after each change, once the state is ready; gives the way to stop that. A listener must not throw. */
  onChange(listener: (change: FleetChange) => void): () => void;
}
