import { type Usage, type UsageGroup, usageGroups, type UsageQuery, type UsageRow } from '@marvel/shared/api/usage';
import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import type * as v from 'valibot';
import { usagePeriod } from '../../domain/usage-period.ts';
import type { Services } from '../../http/services.ts';
import { maxUsageRows, readUsage, type UsageRow as StoredRow } from '../../store/usage.ts';

/** The balance of an account, and what it used in a period. Errors: `invalid`, `unavailable`. */
export async function readAccountUsage(
  accountId: string,
  query: v.InferOutput<typeof UsageQuery>,
  { db, nowMs }: Services,
): Promise<Result<v.InferOutput<typeof Usage>, Failure>> {
  const period = usagePeriod(query, nowMs);
  if (!period.ok) return err({ code: 'invalid', message: `${period.error.field}: ${period.error.reason}` });
  const { from, to } = period.value;
  const wanted = new Set(query.group_by.split(','));
  const groupBy = usageGroups.filter((group) => wanted.has(group));
  const read = await readUsage(db, { accountId, from, to, groupBy });
  if (!read.ok) {
    const { code } = read.error;
    if (code !== 'too_many_rows') return err({ code });
    const message = `group_by: gives more than ${maxUsageRows} rows; ask for a shorter period or fewer groups`;
    return err({ code: 'invalid', message });
  }
  return ok({
    balance_bytes: read.value.balanceBytes,
    used_bytes: read.value.usedBytes,
    period: { from: from.toISOString(), to: to.toISOString() },
    data: read.value.rows.map((row) => toRow(row, groupBy)),
  });
}

function toRow({ group, bytesUp, bytesDown, connections }: StoredRow, groupBy: readonly UsageGroup[]): UsageRow {
  const counts = { bytes_up: bytesUp, bytes_down: bytesDown, bytes: bytesUp + bytesDown, connections };
  const { hour, day } = group;
  return {
    ...(typeof hour === 'string' ? { hour } : {}),
    ...(typeof day === 'string' ? { day } : {}),
    ...(groupBy.includes('key') ? { key: group.key ?? null } : {}),
    ...(groupBy.includes('sub_user') ? { sub_user: group.sub_user ?? null } : {}),
    ...(groupBy.includes('country') ? { country: group.country ?? null } : {}),
    ...(groupBy.includes('exit_grade') ? { exit_grade: group.exit_grade ?? null } : {}),
    ...counts,
  };
}
