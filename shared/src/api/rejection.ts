import * as v from 'valibot';
import { failureCodes } from '../failures.ts';
import { Count, Id, Timestamp } from '../units.ts';
import { Dialect } from '../usage-batch.ts';
import { Moment } from './moment.ts';
import { Cursor } from './page.ts';

/** The most rows of one page. */
export const maxRejectionPage = 1000;

export const RejectionQuery = v.strictObject({
  /** Default: 30 days before `to`. */
  from: v.optional(Moment),
  /** Exclusive. Default: now. */
  to: v.optional(Moment),
  code: v.optional(v.picklist(failureCodes)),
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^(?:[1-9][0-9]{0,2}|1000)$/, `must be an integer from 1 to ${maxRejectionPage}`)),
    '100',
  ),
  cursor: v.optional(Cursor),
});

/** Requests of one credential that were refused alike. */
export const Rejection = v.strictObject({
  code: v.picklist(failureCodes),
  /** In the period. */
  count: Count,
  last_at: Timestamp,
  /** Which of the three the client came with; the others are `null`. */
  key: v.nullable(Id),
  sub_user: v.nullable(Id),
  authorized_source: v.nullable(Id),
  dialect: Dialect,
  reason: v.string(),
  /** What to do about it. */
  fix: v.string(),
  /** Where the code is explained. */
  docs: v.string(),
});
export type Rejection = v.InferOutput<typeof Rejection>;

/** The last refused first; `next_cursor` is `null` on the last page. */
export const RejectionPage = v.strictObject({ data: v.array(Rejection), next_cursor: v.nullable(v.string()) });
