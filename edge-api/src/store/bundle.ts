import { and, asc, eq } from 'drizzle-orm';
import type { Result } from '@marvel/shared/result';
import { attempt, attemptOne, type NotFound, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
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
