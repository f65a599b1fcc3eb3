import { and, eq, sql } from 'drizzle-orm';
import { ok, type Result } from '@marvel/shared/result';
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
import { account, session } from './schema/account.ts';
import type { NewSession } from './session.ts';

export type Account = typeof account.$inferSelect;

/** Makes an account with an empty balance, and its first session. Errors: `conflict` when the e-mail is taken, in whatever case. */
export async function createAccount(
  db: Database,
  given: { readonly id: string; readonly email: string; readonly passwordHash: string; readonly session: NewSession },
  answer?: StoredAnswer,
): Promise<Result<void, Conflict | Unavailable>> {
  const made = await attemptUnique(['account_email_key', answerConstraint], () =>
    db.batch([
      db.insert(account).values({ id: given.id, email: given.email, passwordHash: given.passwordHash }),
      db.insert(session).values({ ...given.session, accountId: given.id }),
      ...answerStatements(db, answer),
    ]),
  );
  return made.ok ? ok(undefined) : made;
}

/** The account of an e-mail address, in whatever case; `undefined` when there is none. Errors: `unavailable`. */
export async function findAccountByEmail(
  db: Database,
  email: string,
): Promise<Result<Account | undefined, Unavailable>> {
  const rows = await attempt(() =>
    db
      .select()
      .from(account)
      .where(eq(sql`lower(${account.email})`, sql`lower(${email})`)),
  );
  return rows.ok ? ok(rows.value[0]) : rows;
}

/** Errors: `not_found`, `unavailable`. */
export async function findAccount(db: Database, id: string): Promise<Result<Account, NotFound | Unavailable>> {
  return attemptOne(() => db.select().from(account).where(eq(account.id, id)));
}

/** Stores the same password hashed anew. Errors: `not_found` when its hash is no longer that of `before`; `unavailable`. */
export async function updatePasswordHash(
  db: Database,
  id: string,
  hash: { readonly before: string; readonly after: string },
): Promise<Result<void, NotFound | Unavailable>> {
  const updated = await attemptOne(() =>
    db
      .update(account)
      .set({ passwordHash: hash.after })
      .where(and(eq(account.id, id), eq(account.passwordHash, hash.before)))
      .returning({ id: account.id }),
  );
  return updated.ok ? ok(undefined) : updated;
}
