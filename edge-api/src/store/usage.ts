import { err, ok, type Result } from '@marvel/shared/result';
import { and, eq, gte, lt, type SQL, sql } from 'drizzle-orm';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { budget } from './schema/budget.ts';
import { credential } from './schema/credential.ts';
import { usageRollup } from './schema/usage.ts';

/** What usage can be grouped by. */
export const usageGroups = ['hour', 'day', 'key', 'sub_user', 'country', 'exit_grade'] as const;
export type UsageGroup = (typeof usageGroups)[number];

/** The most rows a usage answer has. */
export const maxUsageRows = 10_000;

/** Billed bytes of one group. */
export interface UsageRow {
  /** What tells the group from others: an hour or day in RFC 3339, an id, a country, a grade; `null` where it is none of these. */
  readonly group: Readonly<Partial<Record<UsageGroup, string | null>>>;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly connections: number;
}

export interface Usage {
  readonly balanceBytes: number;
  /** Billed in the period, whatever the groups. */
  readonly usedBytes: number;
  readonly rows: readonly UsageRow[];
}

/** The groups of the period are more than one answer has. */
export interface TooManyRows {
  readonly code: 'too_many_rows';
}

const sum = (column: SQL) => sql`coalesce(sum(${column}), 0)`.mapWith(Number);
const instant = (column: SQL) => sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
const groupColumns: Readonly<Record<UsageGroup, SQL>> = {
  hour: instant(sql`${usageRollup.hour}`),
  day: instant(sql`date_trunc('day', ${usageRollup.hour}, 'UTC')`),
  key: sql`case when ${credential.kind} = 'key' then ${usageRollup.credentialId} end`,
  sub_user: sql`case when ${credential.kind} = 'sub_user' then ${usageRollup.credentialId} end`,
  country: sql`${usageRollup.country}`,
  exit_grade: sql`${usageRollup.exitGrade}`,
};

/**
 * Balance and billed usage of an account in [from, to), in whole hours: usage is kept by the hour. Test keys are left out.
 *
 * Rows are in the order of their groups. Errors: `too_many_rows` for more than `maxUsageRows`; `unavailable`. Cost: one round trip; O(hours x
 * exits used).
 */
export async function readUsage(
  db: Database,
  wanted: {
    readonly accountId: string;
    readonly from: Date;
    readonly to: Date;
    /** Without a group there is one row, or none when nothing was used. */
    readonly groupBy: readonly UsageGroup[];
  },
): Promise<Result<Usage, TooManyRows | Unavailable>> {
  const inPeriod = and(
    eq(usageRollup.accountId, wanted.accountId),
    gte(usageRollup.hour, sql`date_trunc('hour', ${wanted.from.toISOString()}::timestamptz)`),
    lt(usageRollup.hour, wanted.to),
    eq(usageRollup.test, false),
  );
  // Grouped by position, so that a parameter inside an expression is not taken for another one.
  const groups = wanted.groupBy.map((group) => sql<string | null>`${groupColumns[group]}`.as(group));
  const positions = groups.map((_, index) => sql.raw(`${index + 1}`));
  const rows = db
    .select({
      ...Object.fromEntries(wanted.groupBy.map((group, index) => [group, groups[index] ?? sql`null`])),
      bytesUp: sum(sql`${usageRollup.bytesUp}`),
      bytesDown: sum(sql`${usageRollup.bytesDown}`),
      connections: sum(sql`${usageRollup.connections}`),
    })
    .from(usageRollup)
    .leftJoin(credential, eq(credential.id, usageRollup.credentialId))
    .where(inPeriod)
    .$dynamic();
  const grouped = positions.length === 0 ? rows : rows.groupBy(...positions).orderBy(...positions);
  const answered = await attempt(() =>
    db.batch([
      db.select({ balanceBytes: budget.balanceBytes }).from(budget).where(eq(budget.id, wanted.accountId)),
      db
        .select({ usedBytes: sum(sql`${usageRollup.bytesUp} + ${usageRollup.bytesDown}`) })
        .from(usageRollup)
        .where(inPeriod),
      // One more than an answer has, to see whether it would leave rows out.
      grouped.limit(maxUsageRows + 1),
    ]),
  );
  if (!answered.ok) return answered;
  const [[balance], [used], found] = answered.value;
  if (found.length > maxUsageRows) return err({ code: 'too_many_rows' });
  return ok({
    balanceBytes: balance?.balanceBytes ?? 0,
    usedBytes: used?.usedBytes ?? 0,
    rows: found.map(({ bytesUp, bytesDown, connections, ...group }) => ({ group, bytesUp, bytesDown, connections })),
  });
}

/** What an account may still spend; negative after an overspend, 0 for an account that does not exist. Errors: `unavailable`. */
export async function readBalance(db: Database, accountId: string): Promise<Result<number, Unavailable>> {
  const rows = await attempt(() =>
    db.select({ balanceBytes: budget.balanceBytes }).from(budget).where(eq(budget.id, accountId)),
  );
  return rows.ok ? ok(rows.value[0]?.balanceBytes ?? 0) : rows;
}
