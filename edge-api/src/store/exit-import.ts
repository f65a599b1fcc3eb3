import { Transport } from '@marvel/shared/exit';
import { ok, type Result } from '@marvel/shared/result';
import { and, asc, eq, gt, isNull, sql } from 'drizzle-orm';
import * as v from 'valibot';
import { type DroppedLine, exitPlace, type PassedLine } from '../domain/exit-import.ts';
import { attempt, attemptOne, type NotFound, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { newId } from './new-id.ts';
import { type AuditEntry, auditStatement } from './operator-audit.ts';
import { pageRows, type PageWanted } from './page.ts';
import { exit } from './schema/exit.ts';

/** What the statements of an import return of an exit. */
const PlacedRow = v.object({ id: v.string(), exit_ip: v.string(), transport: Transport, is_new: v.boolean() });

/** The exit at a place, by `exitPlace`. */
export type ExitsByPlace = ReadonlyMap<string, { readonly id: string; readonly isNew: boolean }>;

/**
 * Adds or updates the exits that passed and drops those that did not, in one transaction. No two lines are of one place.
 *
 * Gives the exits by place; a dropped one that was never known is not among them. Errors: `unavailable`.
 */
export async function importExits(
  db: Database,
  passed: readonly PassedLine[],
  dropped: readonly DroppedLine[],
  audit: AuditEntry,
): Promise<Result<ExitsByPlace, Unavailable>> {
  const rows = passed.map(({ line: { evidence, ...line }, purity, grade, seals }) => ({
    ...line,
    id: newId('ext'),
    purity,
    grade,
    seals,
    evidence,
  }));
  const gone = dropped.map(({ line: { exit_ip, transport, evidence }, gate }) => ({
    exit_ip,
    transport,
    evidence,
    gate,
  }));
  const done = await attempt(() =>
    db.batch([
      db.execute(sql`
        insert into ${exit} as e (id, network, country, state, city, asn, exit_ip, transport, purity, grade, seals, weight,
          evidence, expires_at)
        select id, network, country, state, city, asn, exit_ip, transport, purity, grade, seals, weight, evidence, expires_at
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (id text, network text, country text, state text,
          city text, asn bigint, exit_ip text, transport jsonb, purity integer, grade text, seals jsonb, weight integer,
          evidence jsonb, expires_at timestamptz)
        order by exit_ip, transport ->> 'type', transport ->> 'host', transport ->> 'port'
        on conflict (exit_ip, (transport ->> 'type'), (transport ->> 'host'), (transport ->> 'port')) do update
          set network = excluded.network, country = excluded.country, state = excluded.state, city = excluded.city,
            asn = excluded.asn, transport = excluded.transport, purity = excluded.purity, grade = excluded.grade,
            seals = excluded.seals, weight = excluded.weight, evidence = excluded.evidence,
            expires_at = excluded.expires_at, dropped_at = null, drop_gate = null
        returning id, exit_ip, transport, xmax = 0 as is_new`),
      db.execute(sql`
        update ${exit} e
        set dropped_at = coalesce(e.dropped_at, now()), drop_gate = r.gate, evidence = r.evidence
        from jsonb_to_recordset(${JSON.stringify(gone)}::jsonb) as r (exit_ip text, transport jsonb, evidence jsonb, gate text)
        where e.exit_ip = r.exit_ip and e.transport ->> 'type' = r.transport ->> 'type'
          and e.transport ->> 'host' = r.transport ->> 'host' and e.transport ->> 'port' = r.transport ->> 'port'
        returning e.id, e.exit_ip, e.transport, false as is_new`),
      auditStatement(db, audit),
    ]),
  );
  if (!done.ok) return done;
  const [added, removed] = done.value;
  return ok(
    new Map(
      [...added.rows, ...removed.rows].map((row) => {
        const { id, is_new: isNew, ...place } = v.parse(PlacedRow, row);
        return [exitPlace(place), { id, isNew }];
      }),
    ),
  );
}

/** The exits that were not dropped after a place in the list, by id: a page, and one more if there is one. Errors: `unavailable`. */
export async function listExits(
  db: Database,
  page: PageWanted<readonly [id: string]>,
): Promise<Result<readonly (typeof exit.$inferSelect)[], Unavailable>> {
  return attempt(() =>
    db
      .select()
      .from(exit)
      .where(and(isNull(exit.droppedAt), page.after === undefined ? undefined : gt(exit.id, page.after[0])))
      .orderBy(asc(exit.id))
      .limit(pageRows(page)),
  );
}

/** Drops an exit: no gateway dials it once it has read the next page. Errors: `not_found`, `unavailable`. */
export async function dropExit(
  db: Database,
  id: string,
  audit: AuditEntry,
): Promise<Result<void, NotFound | Unavailable>> {
  const dropped = await attemptOne(async () => {
    const [rows] = await db.batch([
      db
        .update(exit)
        .set({ droppedAt: sql`now()`, dropGate: 'operator' })
        .where(and(eq(exit.id, id), isNull(exit.droppedAt)))
        .returning({ id: exit.id }),
      auditStatement(db, audit),
    ]);
    return rows;
  });
  return dropped.ok ? ok(undefined) : dropped;
}
