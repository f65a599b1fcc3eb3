import * as v from 'valibot';
import { Count, isOfCalendar, SignedBytes, Timestamp } from '../units.ts';

export const usageGroups = ['hour', 'day', 'key', 'sub_user', 'country', 'exit_grade'] as const;
export type UsageGroup = (typeof usageGroups)[number];

const groupSet: ReadonlySet<string> = new Set(usageGroups);
const groupListMessage = `must be a list, separated by commas, of ${usageGroups.join(', ')}`;

/** A moment in a query: RFC 3339, or a date that stands for its first moment in UTC. */
const Moment = v.pipe(
  v.string(),
  v.regex(
    /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z)?$/,
    'must be a date or an RFC 3339 time in UTC, like 2026-11-20T12:00:00Z',
  ),
  v.check(isOfCalendar, 'must be a date that exists'),
);

export const UsageQuery = v.strictObject({
  /** Default: 30 days before `to`. */
  from: v.optional(Moment),
  /** Exclusive. Default: now. */
  to: v.optional(Moment),
  /** What each row of `data` stands for; default `day`. */
  group_by: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => text.split(',').every((group) => groupSet.has(group)), groupListMessage),
    ),
    'day',
  ),
});

export const UsageRow = v.strictObject({
  hour: v.optional(Timestamp),
  day: v.optional(Timestamp),
  /** Key id; `null` in rows of sub-users. */
  key: v.optional(v.nullable(v.string())),
  /** Sub-user id; `null` in rows of keys. */
  sub_user: v.optional(v.nullable(v.string())),
  country: v.optional(v.nullable(v.string())),
  exit_grade: v.optional(v.nullable(v.string())),
  bytes_up: Count,
  bytes_down: Count,
  bytes: Count,
  connections: Count,
});
export type UsageRow = v.InferOutput<typeof UsageRow>;

export const Usage = v.strictObject({
  balance_bytes: SignedBytes,
  /** In the period. */
  used_bytes: Count,
  period: v.strictObject({ from: Timestamp, to: Timestamp }),
  data: v.array(UsageRow),
});
