import { and, asc, eq } from 'drizzle-orm';
import { ok, type Result } from '@marvel/shared/result';
import { attempt, attemptOne, type NotFound, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { type AuditEntry, auditStatement } from './operator-audit.ts';
import { bundle } from './schema/billing.ts';

export type Bundle = Pick<typeof bundle.$inferSelect, 'id' | 'name' | 'bytes' | 'priceCents' | 'currency'>;

const shown = {
  id: bundle.id,
  name: bundle.name,
  bytes: bundle.bytes,
  priceCents: bundle.priceCents,
  currency: bundle.currency,
};
const maxListedBundles = 100;
const maxOperatorBundles = 10_000;

/** The bundles for sale, the smallest first. Errors: `unavailable`. */
export async function listBundles(db: Database): Promise<Result<readonly Bundle[], Unavailable>> {
  return attempt(() =>
    db
      .select(shown)
      .from(bundle)
      .where(eq(bundle.active, true))
      .orderBy(asc(bundle.bytes), asc(bundle.id))
      .limit(maxListedBundles),
  );
}

/** A bundle that is for sale. Errors: `not_found`, `unavailable`. */
export async function findBundle(db: Database, id: string): Promise<Result<Bundle, NotFound | Unavailable>> {
  return attemptOne(() =>
    db
      .select(shown)
      .from(bundle)
      .where(and(eq(bundle.id, id), eq(bundle.active, true))),
  );
}

/** Puts a bundle on sale, or changes its terms; invoices keep the terms they were written with. Errors: `unavailable`. */
export async function saveBundle(db: Database, given: Bundle, audit: AuditEntry): Promise<Result<void, Unavailable>> {
  const { id: _id, ...terms } = given;
  const done = await attempt(() =>
    db.batch([
      db
        .insert(bundle)
        .values(given)
        .onConflictDoUpdate({ target: bundle.id, set: { ...terms, active: true, updatedAt: new Date() } }),
      auditStatement(db, audit),
    ]),
  );
  return done.ok ? ok(undefined) : done;
}

/** Every bundle, retired ones too, the smallest first. Errors: `unavailable`. */
export async function listAllBundles(
  db: Database,
): Promise<Result<readonly (Bundle & { readonly active: boolean })[], Unavailable>> {
  return attempt(() =>
    db
      .select({ ...shown, active: bundle.active })
      .from(bundle)
      .orderBy(asc(bundle.bytes), asc(bundle.id))
      .limit(maxOperatorBundles),
  );
}

/** Takes a bundle off sale. Errors: `not_found`, also for one that is retired; `unavailable`. */
export async function retireBundle(
  db: Database,
  id: string,
  audit: AuditEntry,
): Promise<Result<void, NotFound | Unavailable>> {
  const onSale = await findBundle(db, id);
  if (!onSale.ok) return onSale;
  const done = await attempt(() =>
    db.batch([
      db.update(bundle).set({ active: false, updatedAt: new Date() }).where(eq(bundle.id, id)),
      auditStatement(db, audit),
    ]),
  );
  return done.ok ? ok(undefined) : done;
}
