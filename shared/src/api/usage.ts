import * as v from 'valibot';
import { Count, SignedBytes, Timestamp } from '../units.ts';
import { Moment } from './moment.ts';

export const usageGroups = ['hour', 'day', 'key', 'sub_user', 'country', 'exit_grade'] as const;
export type UsageGroup = (typeof usageGroups)[number];

const groupSet: ReadonlySet<string> = new Set(usageGroups);
const groupListMessage = `must be a list, separated by commas, of ${usageGroups.join(', ')}`;

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
