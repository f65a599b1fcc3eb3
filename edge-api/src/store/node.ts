import type { Exit } from '@marvel/shared/exit';
import { err, ok, type Result } from '@marvel/shared/result';
import { and, asc, eq, gt, isNull, sql } from 'drizzle-orm';
import { answerConstraint, answerStatements, type StoredAnswer } from './answer.ts';
import {
  attempt,
  attemptOne,
  attemptUnique,
  type Conflict,
  type NotFound,
  type Unavailable,
} from './database-error.ts';
import type { Database } from './database.ts';
import { toExit } from './exit.ts';
import { exit, node } from './schema/exit.ts';

/** The most nodes a list shows. */
export const maxListedNodes = 1000;

/** A sticky exit that is held now. */
export interface Node {
  readonly session: string;
  readonly generation: number;
  /** What it was asked for; `null` for a pin that a gateway made. */
  readonly country: string | null;
  readonly minPurity: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly exit: Exit;
}

/** What a node is made of. */
export interface NodePin {
  readonly accountId: string;
  readonly session: string;
  readonly exitId: string;
  readonly country: string;
  readonly minPurity: number;
  readonly expiresAt: Date;
}

/**
 * Holds an exit for (account, session). Another exit than before, or one after an expired node, raises the generation;
 * the same exit only extends it. Errors: `conflict` for a repeat under way, `unavailable`.
 */
export async function saveNode(
  db: Database,
  pin: NodePin,
  answer?: StoredAnswer,
): Promise<Result<{ readonly generation: number; readonly createdAt: Date }, Conflict | Unavailable>> {
  const saved = await attemptUnique([answerConstraint], () =>
    db.batch([
      db
        .insert(node)
        .values({ ...pin, generation: 1 })
        .onConflictDoUpdate({
          target: [node.accountId, node.session],
          set: {
            exitId: sql`excluded.exit_id`,
            country: sql`excluded.country`,
            minPurity: sql`excluded.min_purity`,
            expiresAt: sql`excluded.expires_at`,
            generation: sql`${node.generation} + case when ${node.exitId} = excluded.exit_id then 0 else 1 end`,
          },
        })
        .returning({ generation: node.generation, createdAt: node.createdAt }),
      ...answerStatements(db, answer),
    ]),
  );
  if (!saved.ok) return saved;
  const [[row]] = saved.value;
  if (row === undefined) throw new Error('upsert returned no row');
  return ok(row);
}

/** The live nodes of an account, by session; at most `maxListedNodes`. Errors: `unavailable`. */
export async function listNodes(db: Database, accountId: string): Promise<Result<readonly Node[], Unavailable>> {
  const rows = await attempt(() => selectLive(db, accountId).orderBy(asc(node.session)).limit(maxListedNodes));
  return rows.ok ? ok(rows.value.map(toNode)) : rows;
}

/** The live node of a session. Errors: `not_found`, also when its exit is gone; `unavailable`. */
export async function findNode(
  db: Database,
  accountId: string,
  session: string,
): Promise<Result<Node, NotFound | Unavailable>> {
  const rows = await attempt(() => selectLive(db, accountId, session));
  if (!rows.ok) return rows;
  const [row] = rows.value;
  return row === undefined ? err({ code: 'not_found' }) : ok(toNode(row));
}

/**
 * Lets a session's exit go. The node stays as an expired one, of a later generation, so that no gateway that still has
 * something to say of it brings it back. Errors: `not_found`, also for an expired node; `unavailable`.
 */
export async function deleteNode(
  db: Database,
  accountId: string,
  session: string,
): Promise<Result<void, NotFound | Unavailable>> {
  const deleted = await attemptOne(() =>
    db
      .update(node)
      .set({ expiresAt: sql`now()`, generation: sql`${node.generation} + 1` })
      .where(and(eq(node.accountId, accountId), eq(node.session, session), gt(node.expiresAt, sql`now()`)))
      .returning({ session: node.session }),
  );
  return deleted.ok ? ok(undefined) : deleted;
}

function selectLive(db: Database, accountId: string, session?: string) {
  return db
    .select({ node, exit })
    .from(node)
    .innerJoin(exit, eq(exit.id, node.exitId))
    .where(
      and(
        eq(node.accountId, accountId),
        session === undefined ? undefined : eq(node.session, session),
        gt(node.expiresAt, sql`now()`),
        isNull(exit.droppedAt),
        gt(exit.expiresAt, sql`now()`),
      ),
    )
    .$dynamic();
}

function toNode(row: { readonly node: typeof node.$inferSelect; readonly exit: typeof exit.$inferSelect }): Node {
  const { session, generation, country, minPurity, createdAt, expiresAt } = row.node;
  return { session, generation, country, minPurity, createdAt, expiresAt, exit: toExit(row.exit) };
}
