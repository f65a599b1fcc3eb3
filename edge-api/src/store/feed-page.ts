import { FeedCursor } from '@marvel/shared/feed';
import { err, ok, type Result } from '@marvel/shared/result';
import { Timestamp } from '@marvel/shared/units';
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import type { GatewayTunnels } from '../domain/tunnels-elsewhere.ts';
import { attempt, type NotFound, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';

const Tunnels = v.array(v.tuple([v.string(), v.string(), v.string(), v.number()]));

const Row = v.object({
  epoch: v.number(),
  issued_at: Timestamp,
  to_place: FeedCursor,
  head_place: FeedCursor,
  /** JSON of the records, joined by commas: it is signed as it is, so nobody parses it on the way. */
  records: v.string(),
  ahead: v.boolean(),
  /** JSON of `Tunnels`. */
  tunnels: v.pipe(v.string(), v.parseJson(), Tunnels),
  fleet_place: FeedCursor,
});

/** A page of the feed as the database gives it. */
export interface StoredFeedPage {
  readonly epoch: number;
  readonly issuedAt: string;
  readonly to: FeedCursor;
  readonly head: FeedCursor;
  /** The records as JSON, joined by commas. */
  readonly recordsJson: string;
  /** What each gateway has open of limited credentials. */
  readonly tunnels: readonly GatewayTunnels[];
  /** Where the record of the fleet stands: while it does, no gateway was enrolled or revoked. */
  readonly fleetPlace: FeedCursor;
  /** The cursor is not of this database, which must have been restored to an earlier state without raising the epoch. */
  readonly isAhead: boolean;
}

/**
 * Reads the feed after a place, for the gateway that a token belongs to. One round trip.
 *
 * Errors: `not_found` when the token is no gateway's, or a revoked one's; `unavailable`.
 */
export async function readFeedPage(
  db: Database,
  wanted: { readonly tokenDigest: string; readonly since: FeedCursor; readonly limit: number },
): Promise<Result<StoredFeedPage, NotFound | Unavailable>> {
  const answered = await attempt(() =>
    db.execute(
      sql`select p.*, tunnels_by_gateway() as tunnels, fleet_place() as fleet_place from feed_page(${wanted.tokenDigest}, ${wanted.since}, ${wanted.limit}) p`,
    ),
  );
  if (!answered.ok) return answered;
  const [found] = answered.value.rows;
  if (found === undefined) return err({ code: 'not_found' });
  const row = v.parse(Row, found);
  return ok({
    epoch: row.epoch,
    issuedAt: row.issued_at,
    to: row.to_place,
    head: row.head_place,
    recordsJson: row.records,
    tunnels: row.tunnels.map(([tokenDigest, credential, account, tunnels]) => ({
      tokenDigest,
      credential,
      account,
      tunnels,
    })),
    fleetPlace: row.fleet_place,
    isAhead: row.ahead,
  });
}
