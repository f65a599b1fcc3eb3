import * as v from 'valibot';
import { Exit } from './exit.ts';
import { Limits } from './limits.ts';
import { parseJson } from './parse-json.ts';
import { err, ok, type Result } from './result.ts';
import { type SignatureFailure, type VerificationKeys, verifyDetached } from './signature.ts';
import { Count, Host, Id, SignedBytes, Timestamp } from './units.ts';

const Digest = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/, 'must be a SHA-256 in base64url'));
const Threads = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1)));

/**
 * A place in the feed: `<transaction id>.<sequence>`; `0` is before everything. Records of one transaction share the
 * first number, so a page may end inside a large one. Source: CONTRACT section 4, docs/decisions/0001.
 */
export const FeedCursor = v.pipe(v.string(), v.regex(/^(?:0|[1-9][0-9]{0,18}\.[0-9]{1,18})$/, 'must be a feed cursor'));
export type FeedCursor = v.InferOutput<typeof FeedCursor>;

/** The cursor of a gateway that knows nothing: the feed from here is the snapshot. */
export const feedStart: FeedCursor = '0';

export const AccountRecord = v.strictObject({
  kind: v.literal('account'),
  id: Id,
  status: v.picklist(['active', 'suspended']),
  /** For display and for the 402 of an account known to be empty; published again when it crosses zero or a power of two. */
  balance_bytes: SignedBytes,
  threads: Threads,
});
export type AccountRecord = v.InferOutput<typeof AccountRecord>;

export const KeyRecord = v.strictObject({
  kind: v.literal('key'),
  id: Id,
  account: Id,
  digest: Digest,
  test: v.boolean(),
  limits: Limits,
});
export type KeyRecord = v.InferOutput<typeof KeyRecord>;

export const SubUserRecord = v.strictObject({
  kind: v.literal('sub_user'),
  id: Id,
  account: Id,
  username: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_]{1,64}$/)),
  digest: Digest,
  limits: Limits,
});
export type SubUserRecord = v.InferOutput<typeof SubUserRecord>;

export const AuthorizedSourceRecord = v.strictObject({
  kind: v.literal('authorized_source'),
  id: Id,
  account: Id,
  /** The sub-user whose limits apply; `null` for the account itself. */
  sub_user: v.nullable(Id),
  source: v.picklist(['ip', 'hostname']),
  /** The addresses it stands for now; a host name may have several, or none while it does not resolve. */
  addresses: v.pipe(v.array(v.pipe(v.string(), v.ip())), v.maxLength(64)),
});
export type AuthorizedSourceRecord = v.InferOutput<typeof AuthorizedSourceRecord>;

/** What is left of a cap of one credential in its present window; the account's own budget has the account's id. */
export const BudgetRecord = v.strictObject({
  kind: v.literal('budget'),
  /** `<credential id>/<window>`. */
  id: v.pipe(v.string(), v.maxLength(80)),
  account: Id,
  credential: Id,
  balance_bytes: SignedBytes,
  /** When the window ends and the cap is whole again; `null` for a total cap. */
  window_ends_at: v.nullable(Timestamp),
});
export type BudgetRecord = v.InferOutput<typeof BudgetRecord>;

/** A sticky exit held for (account, session). */
export const NodeRecord = v.strictObject({
  kind: v.literal('node'),
  /** `<account id>/<session>`. */
  id: v.pipe(v.string(), v.maxLength(128)),
  account: Id,
  session: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_]{1,64}$/)),
  exit: Id,
  generation: v.pipe(Count, v.minValue(1)),
  expires_at: Timestamp,
});
export type NodeRecord = v.InferOutput<typeof NodeRecord>;

/** One host and port that policy lets through although its class or port would be refused, e.g. a local echo origin. */
export const AllowedDestination = v.strictObject({
  host: Host,
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535)),
});

/** What destinations the fleet serves. Source: CONTRACT 3.7. */
export const DestinationPolicy = v.strictObject({
  ports: v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535))), v.maxLength(1000)),
  allow: v.pipe(v.array(AllowedDestination), v.maxLength(1000)),
  /** Addresses of the fleet itself: gateways, agents, the edge. */
  own_addresses: v.pipe(v.array(v.pipe(v.string(), v.ip())), v.maxLength(10_000)),
});
export type DestinationPolicy = v.InferOutput<typeof DestinationPolicy>;

export const FleetRecord = v.strictObject({
  kind: v.literal('fleet'),
  id: v.literal('fleet'),
  /** Gateways enrolled and not revoked: the G of the overspend bound. */
  size: Count,
  policy: DestinationPolicy,
  maintenance: v.boolean(),
});
export type FleetRecord = v.InferOutput<typeof FleetRecord>;

/** Says that a record is gone: a revoked key, a dropped exit, an ended node. */
export const TombstoneRecord = v.strictObject({
  kind: v.literal('tombstone'),
  of: v.picklist(['account', 'key', 'sub_user', 'authorized_source', 'budget', 'exit', 'node']),
  id: v.pipe(v.string(), v.maxLength(128)),
});
export type TombstoneRecord = v.InferOutput<typeof TombstoneRecord>;

/** One record of the feed; a later one of the same kind and id replaces an earlier one. */
export const FeedRecord = v.variant('kind', [
  AccountRecord,
  KeyRecord,
  SubUserRecord,
  AuthorizedSourceRecord,
  BudgetRecord,
  Exit,
  NodeRecord,
  FleetRecord,
  TombstoneRecord,
]);
export type FeedRecord = v.InferOutput<typeof FeedRecord>;

/** The kinds that this build knows. */
export const feedRecordKinds: ReadonlySet<string> = new Set(
  FeedRecord.options.map(({ entries }) => entries.kind.literal),
);
const tombstoneKinds: ReadonlySet<string> = new Set(TombstoneRecord.entries.of.options);

/**
 * A record of a kind that this build does not know, from an edge that is newer. It is left out, unless it says that it
 * must be understood: so says whatever takes away from what the other records allow.
 */
const UnknownRecord = v.looseObject({
  kind: v.pipe(v.string(), v.regex(/^[a-z_]{1,32}$/)),
  of: v.optional(v.unknown()),
  must_understand: v.optional(v.literal(false)),
});

/** What the other gateways of the fleet have open, together, of a credential whose threads are limited. */
export const ElsewhereLine = v.strictObject({ credential: Id, account: Id, tunnels: Count });
export type ElsewhereLine = v.InferOutput<typeof ElsewhereLine>;

/** The most lines one page holds: those nearest to a limit. */
export const maxElsewhereLines = 1000;

/** The most records one page holds, whatever `limit` asks for. */
export const maxPageRecords = 10_000;

/** One page of the feed, as signed. */
export const FeedPage = v.strictObject({
  fleet: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  /** Rises when the database is restored to an earlier state: everything is then read anew. */
  epoch: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** The `since` that was asked for. */
  from: FeedCursor,
  /** The place after the last record here; equals `from` on an empty page. */
  to: FeedCursor,
  /** The newest place that was readable; the feed is caught up when `to` equals it. */
  head: FeedCursor,
  issued_at: Timestamp,
  expires_at: Timestamp,
  /** All there is now, whatever the cursor. */
  elsewhere: v.pipe(v.array(ElsewhereLine), v.maxLength(maxElsewhereLines)),
  records: v.pipe(v.array(FeedRecord), v.maxLength(maxPageRecords)),
});
export type FeedPage = v.InferOutput<typeof FeedPage>;

/** A page that was believed. */
export interface OpenedFeedPage extends FeedPage {
  /** Records left out, by their kind, since this build does not know it. */
  readonly skipped: ReadonlyMap<string, number>;
}

const AnyPage = v.looseObject({ records: v.pipe(v.array(v.unknown()), v.maxLength(maxPageRecords)) });

/** Why a page was not believed. */
export type FeedPageFailure =
  | SignatureFailure
  | 'page_malformed'
  | 'page_wrong_fleet'
  | 'page_older_epoch'
  | 'page_newer_epoch'
  | 'page_gap'
  | 'page_rollback'
  | 'page_expired'
  | 'page_from_future';

/** What a gateway knows when it judges a page. */
export interface FeedPosition {
  readonly fleet: string;
  /** 0 before the first page. */
  readonly epoch: number;
  readonly cursor: FeedCursor;
  /** The newest `issued_at` believed so far, in ms since 1970; pages older than it are a rollback. 0 before the first page. */
  readonly issuedAtMs: number;
}

/** How far the clocks of edge and gateway may differ. */
export const maxClockErrorMs = 60_000;

/**
 * Verifies one page: signature, kind, shape, fleet, epoch, continuity, order and time, in that order.
 *
 * `page_newer_epoch` asks the caller to start again from `feedStart` with that epoch. Source: CONTRACT section 4.
 */
export async function openFeedPage(
  body: Uint8Array,
  jws: string | null,
  keys: VerificationKeys,
  position: FeedPosition,
  nowMs: number,
): Promise<Result<OpenedFeedPage, FeedPageFailure>> {
  const signature = await verifyDetached(body, jws, 'marvel-feed-page', keys);
  if (!signature.ok) return signature;
  const page = readPage(body);
  if (page === undefined) return err('page_malformed');
  if (page.fleet !== position.fleet) return err('page_wrong_fleet');
  if (page.epoch < position.epoch) return err('page_older_epoch');
  if (position.epoch !== 0 && page.epoch > position.epoch) return err('page_newer_epoch');
  if (page.from !== position.cursor) return err('page_gap');
  if (compareCursors(page.to, page.from) < 0 || compareCursors(page.head, page.to) < 0) return err('page_rollback');
  const issuedAtMs = Date.parse(page.issued_at);
  if (issuedAtMs < position.issuedAtMs) return err('page_rollback');
  if (Date.parse(page.expires_at) + maxClockErrorMs < nowMs) return err('page_expired');
  if (issuedAtMs - maxClockErrorMs > nowMs) return err('page_from_future');
  return ok(page);
}

/** Reads a page strictly, but for records of kinds that are not known. */
function readPage(body: Uint8Array): OpenedFeedPage | undefined {
  const any = parseJson(body, AnyPage);
  if (any === undefined) return undefined;
  const skipped = new Map<string, number>();
  const records = any.records.filter((record) => {
    const kind = unknownKind(record);
    if (kind !== undefined) skipped.set(kind, (skipped.get(kind) ?? 0) + 1);
    return kind === undefined;
  });
  const page = v.safeParse(FeedPage, { ...any, records });
  return page.success ? { ...page.output, skipped } : undefined;
}

/** What kind of record may be left out; `undefined` for one that has to be read. */
function unknownKind(record: unknown): string | undefined {
  const read = v.safeParse(UnknownRecord, record);
  if (!read.success) return undefined;
  const { kind, of } = read.output;
  if (!feedRecordKinds.has(kind)) return kind;
  return kind === 'tombstone' && typeof of === 'string' && !tombstoneKinds.has(of) ? kind : undefined;
}

/** Orders two cursors: negative when `a` comes first, 0 when equal. */
export function compareCursors(a: FeedCursor, b: FeedCursor): number {
  if (a === b) return 0;
  const [aMajor = '0', aMinor = '0'] = a.split('.');
  const [bMajor = '0', bMinor = '0'] = b.split('.');
  const major = compareIntegers(aMajor, bMajor);
  return major === 0 ? compareIntegers(aMinor, bMinor) : major;
}

function compareIntegers(a: string, b: string): number {
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
