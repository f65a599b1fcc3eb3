import { leaseHoldMs, leaseTtlMs } from '@marvel/shared/lease';
import type { Leaf } from '@marvel/shared/receipt/digest-tree';
import { headDigest, headOf } from '@marvel/shared/receipt/receipt';
import { err, ok, type Result } from '@marvel/shared/result';
import type { UsageBatch } from '@marvel/shared/usage-batch';
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import { attemptChecked, type Conflict, type NotFound, type OutOfRange, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { packLeaves } from './packed-leaves.ts';

/** Sums that a batch adds to; each ends where counts do. */
const sums = [
  'budget_balance',
  'exit_dial_dials',
  'exit_dial_failures',
  'exit_dial_latency',
  'ledger_entry_bytes',
  'lease_held',
  'rejection_count',
  'usage_batch_bytes',
  'usage_rollup_connections',
  'usage_rollup_down',
  'usage_rollup_up',
] as const;

const Row = v.variant('outcome', [
  v.object({ outcome: v.picklist(['settled', 'repeat']), reply: v.string() }),
  v.object({ outcome: v.picklist(['conflict', 'revoked']), reply: v.null() }),
]);

/** What a batch was answered, now or when it first came. */
export interface SettledBatch {
  /** JSON of the `UsageReply`, the same bytes for every repeat. */
  readonly replyJson: string;
  readonly isRepeat: boolean;
}

/**
 * Settles a batch once: ledger, roll-ups, leases. One round trip, one commit.
 *
 * Errors: `conflict` when another body was settled under the same (gateway, boot, seq); `not_found` when the gateway was
 * revoked; `out_of_range` when a sum would end beyond 2^53, which a gateway in order cannot bring about; `unavailable`,
 * after which the same batch may be sent again.
 */
export async function settleBatch(
  db: Database,
  batch: UsageBatch,
  /** `bodyDigest` of the batch as it was signed. */
  digest: string,
  /** What the root of its receipt is over. */
  leaves: readonly Leaf[],
): Promise<Result<SettledBatch, Conflict | NotFound | OutOfRange | Unavailable>> {
  const ofHead = headDigest(headOf(batch));
  const call = sql`settle_batch(${batch.gateway}, ${batch.boot}, ${batch.seq}, ${digest}, ${ofHead}, ${packLeaves(leaves)}, ${JSON.stringify(batch)}::jsonb, ${leaseTtlMs}, ${leaseHoldMs})`;
  const answered = await attemptChecked(sums, () => db.execute(sql`select outcome, reply from ${call}`));
  if (!answered.ok) return answered;
  const row = v.parse(Row, answered.value.rows[0]);
  switch (row.outcome) {
    case 'settled':
    case 'repeat':
      return ok({ replyJson: row.reply, isRepeat: row.outcome === 'repeat' });
    case 'conflict':
      return err({ code: 'conflict' });
    case 'revoked':
      return err({ code: 'not_found' });
  }
}
