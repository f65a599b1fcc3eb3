import type { DestinationPolicy } from '@marvel/shared/feed';
import { ok, type Result } from '@marvel/shared/result';
import { eq, sql } from 'drizzle-orm';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { type AuditEntry, auditStatement } from './operator-audit.ts';
import { fleet } from './schema/feed.ts';
import { gateway } from './schema/gateway.ts';

/** The state of the whole fleet. */
export interface Fleet {
  readonly epoch: number;
  readonly policy: DestinationPolicy;
  readonly maintenance: boolean;
  /** Gateways enrolled and not revoked. */
  readonly size: number;
  /** Those of them that were heard of in the last 30 s. */
  readonly live: number;
}

/** Reads the fleet. Errors: `unavailable`. */
export async function readFleet(db: Database): Promise<Result<Fleet, Unavailable>> {
  const enrolled = sql`select count(*) from ${gateway} where ${gateway.revokedAt} is null`;
  const rows = await attempt(() =>
    db
      .select({
        epoch: fleet.epoch,
        policy: fleet.policy,
        maintenance: fleet.maintenance,
        size: sql`(${enrolled})`.mapWith(Number),
        live: sql`(${enrolled} and ${gateway.lastSeenAt} > now() - interval '30 seconds')`.mapWith(Number),
      })
      .from(fleet),
  );
  if (!rows.ok) return rows;
  const [row] = rows.value;
  if (row === undefined) throw new Error('the fleet has no row: migrations are missing');
  return ok(row);
}

/** Replaces the destination policy; gateways follow with the next feed page. Errors: `unavailable`. */
export async function setPolicy(
  db: Database,
  policy: DestinationPolicy,
  audit: AuditEntry,
): Promise<Result<void, Unavailable>> {
  return update(db, { policy }, audit);
}

/** Turns maintenance on or off. Errors: `unavailable`. */
export async function setMaintenance(
  db: Database,
  maintenance: boolean,
  audit: AuditEntry,
): Promise<Result<void, Unavailable>> {
  return update(db, { maintenance }, audit);
}

/**
 * Raises the epoch by one, if it is what the caller thinks: gateways then read everything anew. Gives whether it did.
 * Errors: `unavailable`.
 */
export async function raiseEpoch(db: Database, from: number, audit: AuditEntry): Promise<Result<boolean, Unavailable>> {
  const done = await attempt(() =>
    db.batch([
      db
        .update(fleet)
        .set({ epoch: from + 1 })
        .where(eq(fleet.epoch, from))
        .returning({ epoch: fleet.epoch }),
      auditStatement(db, audit),
    ]),
  );
  return done.ok ? ok(done.value[0].length > 0) : done;
}

async function update(
  db: Database,
  changes: { readonly policy?: DestinationPolicy; readonly maintenance?: boolean },
  audit: AuditEntry,
): Promise<Result<void, Unavailable>> {
  const done = await attempt(() => db.batch([db.update(fleet).set(changes), auditStatement(db, audit)]));
  return done.ok ? ok(undefined) : done;
}
