import type { Exit, Grade, Network } from '@marvel/shared/exit';
import { ok, type Result } from '@marvel/shared/result';
import { and, asc, eq, gt, gte, isNull, notInArray, sql } from 'drizzle-orm';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { exit, exitDial } from './schema/exit.ts';

/** The most exits a choice is made among; far more than a country has of one grade. */
export const maxCandidates = 20_000;

/**
 * The live exits among which `chooseExit` decides: of one network and country, pure enough, and of the best grade that
 * has any. Errors: `unavailable`.
 */
export async function findCandidates(
  db: Database,
  wanted: {
    readonly network: Network;
    readonly country: string;
    readonly minPurity: number;
    /** Exits not to choose. */
    readonly without?: readonly string[];
  },
): Promise<Result<readonly Exit[], Unavailable>> {
  const without = wanted.without ?? [];
  const fitting = and(
    eq(exit.network, wanted.network),
    eq(exit.country, wanted.country),
    gte(exit.purity, wanted.minPurity),
    live,
    without.length === 0 ? undefined : notInArray(exit.id, [...without]),
  );
  const bestGrade = db.select({ rank: gradeRank }).from(exit).where(fitting).orderBy(asc(gradeRank)).limit(1);
  const rows = await attempt(() =>
    db
      .select()
      .from(exit)
      .where(and(fitting, eq(gradeRank, bestGrade)))
      .limit(maxCandidates),
  );
  return rows.ok ? ok(rows.value.map(toExit)) : rows;
}

/** What a country has to offer now. */
export interface CountryAvailability {
  readonly country: string;
  readonly exits: number;
  readonly grades: Readonly<Record<Grade, number>>;
  /** Mean over the exits, 0 to 100. */
  readonly meanPurity: number;
  /** Dials through them in this hour and the one before, and how many of those failed. */
  readonly dials: number;
  readonly failedDials: number;
}

/** Live capacity by country, in the order of the codes; of one country when given. Errors: `unavailable`. */
export async function readAvailability(
  db: Database,
  filter: { readonly network?: Network; readonly country?: string } = {},
): Promise<Result<readonly CountryAvailability[], Unavailable>> {
  const dialed = db
    .select({
      exitId: exitDial.exitId,
      dials: sql<number>`sum(${exitDial.dials})`.as('dials'),
      failures: sql<number>`sum(${exitDial.failures})`.as('failures'),
    })
    .from(exitDial)
    .where(gte(exitDial.hour, sql`date_trunc('hour', now()) - interval '1 hour'`))
    .groupBy(exitDial.exitId)
    .as('dialed');
  const rows = await attempt(() =>
    db
      .select({
        country: exit.country,
        exits: sql`count(*)`.mapWith(Number),
        S: ofGrade('S'),
        A: ofGrade('A'),
        B: ofGrade('B'),
        meanPurity: sql`avg(${exit.purity})`.mapWith(Number),
        dials: sql`coalesce(sum(${dialed.dials}), 0)`.mapWith(Number),
        failedDials: sql`coalesce(sum(${dialed.failures}), 0)`.mapWith(Number),
      })
      .from(exit)
      .leftJoin(dialed, eq(dialed.exitId, exit.id))
      .where(
        and(
          live,
          filter.network === undefined ? undefined : eq(exit.network, filter.network),
          filter.country === undefined ? undefined : eq(exit.country, filter.country),
        ),
      )
      .groupBy(exit.country)
      .orderBy(exit.country),
  );
  return rows.ok ? ok(rows.value.map(({ S, A, B, ...row }) => ({ ...row, grades: { S, A, B } }))) : rows;
}

/** An exit as the feed has it. */
export function toExit(row: typeof exit.$inferSelect): Exit {
  return {
    kind: 'exit',
    id: row.id,
    network: row.network,
    country: row.country,
    state: row.state,
    city: row.city,
    asn: row.asn,
    exit_ip: row.exitIp,
    transport: row.transport,
    purity: row.purity,
    grade: row.grade,
    seals: [...row.seals],
    weight: row.weight,
    expires_at: row.expiresAt.toISOString(),
  };
}

const live = and(isNull(exit.droppedAt), gt(exit.expiresAt, sql`now()`));
const gradeRank = sql<number>`position(${exit.grade} in 'SAB')`;
const ofGrade = (grade: Grade) => sql`count(*) filter (where ${exit.grade} = ${grade})`.mapWith(Number);
