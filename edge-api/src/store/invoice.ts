import { and, desc, eq, getTableColumns } from 'drizzle-orm';
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
import { afterPlace, type AgePlace, exactTime, pageRows, type PageWanted, type Placed } from './page.ts';
import { invoice } from './schema/billing.ts';

export type Invoice = typeof invoice.$inferSelect;

/** Writes an open invoice. Errors: `conflict` for a repeat under way, `unavailable`. */
export async function createInvoice(
  db: Database,
  given: {
    readonly id: string;
    readonly accountId: string;
    readonly bundleId: string;
    readonly description: string;
    readonly bytes: number;
    readonly amountCents: number;
    readonly currency: string;
    readonly stripeCheckoutId?: string;
    readonly checkoutUrl?: string;
  },
  answer?: StoredAnswer,
): Promise<Result<void, Conflict | Unavailable>> {
  const made = await attemptUnique(['invoice_pkey', answerConstraint], () =>
    db.batch([db.insert(invoice).values(given), ...answerStatements(db, answer)]),
  );
  return made.ok ? ok(undefined) : made;
}

/** The invoices of an account after a place in the list, newest first: a page, and one more if there is one. Errors: `unavailable`. */
export async function listInvoices(
  db: Database,
  accountId: string,
  page: PageWanted<AgePlace>,
): Promise<Result<readonly Placed<Invoice>[], Unavailable>> {
  const own = eq(invoice.accountId, accountId);
  return attempt(() =>
    db
      .select({ ...getTableColumns(invoice), place: exactTime(invoice.createdAt) })
      .from(invoice)
      .where(and(own, afterPlace(invoice, page)))
      .orderBy(desc(invoice.createdAt), desc(invoice.id))
      .limit(pageRows(page)),
  );
}

/** Errors: `not_found` for an absent and another account's invoice alike; `unavailable`. */
export async function findInvoice(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<Invoice, NotFound | Unavailable>> {
  return attemptOne(() =>
    db
      .select()
      .from(invoice)
      .where(and(eq(invoice.id, id), eq(invoice.accountId, accountId))),
  );
}

/** Voids an open invoice. Errors: `not_found`; `conflict` when it is not open; `unavailable`. */
export async function voidInvoice(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<Invoice, NotFound | Conflict | Unavailable>> {
  const found = await findInvoice(db, accountId, id);
  if (!found.ok) return found;
  const voided = await attemptOne(() =>
    db
      .update(invoice)
      .set({ status: 'void', voidedAt: new Date() })
      .where(and(eq(invoice.id, id), eq(invoice.accountId, accountId), eq(invoice.status, 'open')))
      .returning(),
  );
  if (!voided.ok && voided.error.code === 'not_found') return { ok: false, error: { code: 'conflict' } };
  return voided;
}
