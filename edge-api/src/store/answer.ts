import { and, eq, gt, lt, sql } from 'drizzle-orm';
import type { BatchItem } from 'drizzle-orm/batch';
import type { Result } from '@marvel/shared/result';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { answer } from './schema/operations.ts';

/** An answer to keep for repeats of its request; nothing that the database alone could read. */
export interface StoredAnswer {
  /** Of scope and idempotency key. */
  readonly id: string;
  readonly bodyDigest: string;
  readonly sealed: string;
  readonly expiresAtMs: number;
}

/** The constraint that an equal request meets while the first one is being answered, or after. */
export const answerConstraint = 'answer_pkey';

/** What an earlier request was answered; `undefined` when there was none or it is too long ago. Errors: `unavailable`. */
export async function findAnswer(
  db: Database,
  id: string,
  nowMs: number,
): Promise<Result<Pick<StoredAnswer, 'bodyDigest' | 'sealed'> | undefined, Unavailable>> {
  const rows = await attempt(() =>
    db
      .select({ bodyDigest: answer.bodyDigest, sealed: answer.sealed })
      .from(answer)
      .where(and(eq(answer.id, id), gt(answer.expiresAt, new Date(nowMs)))),
  );
  return rows.ok ? { ok: true, value: rows.value[0] } : rows;
}

/** The statements that keep an answer, for the transaction of the effect: the second of two equal requests fails on them. */
export function answerStatements(db: Database, stored: StoredAnswer | undefined): BatchItem<'pg'>[] {
  if (stored === undefined) return [];
  return [
    db.delete(answer).where(and(eq(answer.id, stored.id), lt(answer.expiresAt, sql`now()`))),
    db.insert(answer).values(toRow(stored)),
  ];
}

function toRow(stored: StoredAnswer): typeof answer.$inferInsert {
  return {
    id: stored.id,
    bodyDigest: stored.bodyDigest,
    sealed: stored.sealed,
    expiresAt: new Date(stored.expiresAtMs),
  };
}
