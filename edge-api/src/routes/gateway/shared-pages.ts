import { type FeedCursor, feedStart } from '@marvel/shared/feed';
import type { StoredFeedPage } from '../../store/feed-page.ts';

/** For how long a page is given to others than the one who asked for it. The part of the 2 s of a revocation that is spent here. */
export const sharedMs = 250;
/** How often each gateway's token and cursor are looked at in the database, though its pages come from here. */
export const notedMs = 15_000;
const maxPages = 16;
/** Far more than a fleet has; beyond it the one known longest is forgotten. */
const maxGateways = 10_000;
/** Of the records of a page, characters; larger ones are rare, and read by each for itself. */
const maxRecordChars = 256 * 1024;

/** What a gateway asks for. */
export interface WantedPage {
  readonly tokenDigest: string;
  readonly since: FeedCursor;
  readonly limit: number;
  /** The `issued_at` of the newest page that the gateway believes, ms since 1970: an older one would be a rollback to it. */
  readonly issuedAfterMs: number;
}

interface SharedPage {
  readonly page: StoredFeedPage;
  readonly readAtMs: number;
}

/**
 * The pages that were read a moment ago, for the other gateways that ask the same: a fleet that has caught up asks for one
 * page, over and over. A page is given only to a token that the database found good since the last gateway was enrolled or revoked.
 */
export class SharedPages {
  readonly #pages = new Map<string, SharedPage>();
  /** By token digest, the longest known first. */
  readonly #gateways = new Map<string, { readonly fleetPlace: string; readonly notedAtMs: number }>();

  /** A page that would do; `undefined` when the database has to be asked. */
  find(wanted: WantedPage, nowMs: number): StoredFeedPage | undefined {
    const shared = this.#pages.get(nameOf(wanted));
    const known = this.#gateways.get(wanted.tokenDigest);
    if (shared === undefined || known === undefined) return undefined;
    const { page, readAtMs } = shared;
    const isFresh = nowMs - readAtMs < sharedMs && nowMs - known.notedAtMs < notedMs;
    const isGood = known.fleetPlace === page.fleetPlace && Date.parse(page.issuedAt) >= wanted.issuedAfterMs;
    return isFresh && isGood ? page : undefined;
  }

  /** Keeps what the database gave a gateway. `askedAtMs`: before it was asked. */
  keep(wanted: WantedPage, page: StoredFeedPage, askedAtMs: number): void {
    this.#gateways.delete(wanted.tokenDigest);
    this.#gateways.set(wanted.tokenDigest, { fleetPlace: page.fleetPlace, notedAtMs: askedAtMs });
    dropOldest(this.#gateways, maxGateways);
    // A first page is not asked for by many, and is large.
    if (wanted.since === feedStart || page.recordsJson.length > maxRecordChars || page.isAhead) return;
    this.#pages.delete(nameOf(wanted));
    this.#pages.set(nameOf(wanted), { page, readAtMs: askedAtMs });
    dropOldest(this.#pages, maxPages);
  }
}

function nameOf({ since, limit }: WantedPage): string {
  return `${since} ${limit}`;
}

function dropOldest(map: Map<string, unknown>, max: number): void {
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}
