import { and, desc, eq, isNull, type SQL } from 'drizzle-orm';
import { err, ok, type Result } from '@marvel/shared/result';
import { answerConstraint, answerStatements, type StoredAnswer } from './answer.ts';
import {
  attempt,
  attemptOne,
  type Conflict,
  type NotFound,
  type Unavailable,
  violatedConstraint,
} from './database-error.ts';
import type { Database } from './database.ts';
import { afterPlace, type AgePlace, exactTime, pageRows, type PageWanted, type Placed } from './page.ts';
import { attemptWithRoom, roomStatement, type TooMany } from './room.ts';
import { customer } from './schema/subscription.ts';

export type Customer = Omit<typeof customer.$inferSelect, 'deletedAt'>;

/** What stands against a customer as it should be. */
export interface CustomerConflict extends Conflict {
  readonly because: 'reference_taken' | 'sub_user_taken' | 'has_subscription';
}

const shown = {
  id: customer.id,
  accountId: customer.accountId,
  name: customer.name,
  email: customer.email,
  reference: customer.reference,
  subUserId: customer.subUserId,
  createdAt: customer.createdAt,
};

const conflicts: Readonly<Record<string, CustomerConflict['because']>> = {
  customer_reference_key: 'reference_taken',
  customer_sub_user_key: 'sub_user_taken',
  customer_idle: 'has_subscription',
};

/** The most that an account may have at a time. */
export const maxCustomers = 10_000;

/** Writes a customer. Errors: `too_many`; what stands against it; `conflict` for a repeat under way; `unavailable`. */
export async function createCustomer(
  db: Database,
  given: Customer,
  answer?: StoredAnswer,
): Promise<Result<void, TooMany | CustomerConflict | Conflict | Unavailable>> {
  const made = await attemptConflicts(() =>
    attemptWithRoom([answerConstraint], () =>
      db.batch([
        roomStatement(db, given.accountId, 'customer', maxCustomers),
        db.insert(customer).values(given),
        ...answerStatements(db, answer),
      ]),
    ),
  );
  return made.ok ? ok(undefined) : made;
}

/** The customers of an account, newest first: a page, and one more if there is one. Errors: `unavailable`. */
export async function listCustomers(
  db: Database,
  accountId: string,
  page: PageWanted<AgePlace>,
): Promise<Result<readonly Placed<Customer>[], Unavailable>> {
  const own = eq(customer.accountId, accountId);
  return attempt(() =>
    db
      .select({ ...shown, place: exactTime(customer.createdAt) })
      .from(customer)
      .where(and(own, isNull(customer.deletedAt), afterPlace(customer, page)))
      .orderBy(desc(customer.createdAt), desc(customer.id))
      .limit(pageRows(page)),
  );
}

/** Errors: `not_found` for an absent, a deleted and another account's customer alike; `unavailable`. */
export async function findCustomer(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<Customer, NotFound | Unavailable>> {
  return attemptOne(() => db.select(shown).from(customer).where(live(accountId, id)));
}

/** Changes what is given. Errors: `not_found`; what stands against it; `unavailable`. */
export async function updateCustomer(
  db: Database,
  accountId: string,
  id: string,
  changes: Partial<Pick<Customer, 'name' | 'email' | 'reference' | 'subUserId'>>,
): Promise<Result<Customer, NotFound | CustomerConflict | Unavailable>> {
  // An empty SET is no SQL.
  return attemptConflicts(() =>
    attemptOne(() =>
      db
        .update(customer)
        .set({ id, ...changes })
        .where(live(accountId, id))
        .returning(shown),
    ),
  );
}

/** Deletes a customer; its reference is free again. Errors: `not_found`; `has_subscription`; `unavailable`. */
export async function deleteCustomer(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<void, NotFound | CustomerConflict | Unavailable>> {
  const deleted = await attemptConflicts(() =>
    attemptOne(() =>
      db.update(customer).set({ deletedAt: new Date() }).where(live(accountId, id)).returning({ id: customer.id }),
    ),
  );
  return deleted.ok ? ok(undefined) : deleted;
}

function live(accountId: string, id: string): SQL | undefined {
  return and(eq(customer.id, id), eq(customer.accountId, accountId), isNull(customer.deletedAt));
}

async function attemptConflicts<T, E>(write: () => Promise<Result<T, E>>): Promise<Result<T, E | CustomerConflict>> {
  try {
    return await write();
  } catch (error) {
    const because = conflicts[violatedConstraint(error) ?? ''];
    if (because === undefined) throw error;
    return err({ code: 'conflict', because });
  }
}
