import type { Result } from '@marvel/shared/result';
import { and, desc, eq, lt } from 'drizzle-orm';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { pageRows, type PageWanted } from './page.ts';
import { operatorAudit } from './schema/operations.ts';

/** What an operator asked for, as the audit log keeps it: no secret belongs in it. */
export interface AuditEntry {
  /** Such as `gateway.enrol`. */
  readonly action: string;
  /** Id of what it was done to. */
  readonly target: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly requestId: string;
}

/** The statement that logs a write, for the transaction of that write. */
export function auditStatement(db: Database, entry: AuditEntry) {
  return db.insert(operatorAudit).values({ ...entry, detail: { ...entry.detail } });
}

/** What operators did, newest first: a page, and one more if there is one. Errors: `unavailable`. */
export async function listAudit(
  db: Database,
  page: PageWanted<readonly [id: number]> & {
    readonly action?: string | undefined;
    readonly target?: string | undefined;
  },
): Promise<Result<readonly (typeof operatorAudit.$inferSelect)[], Unavailable>> {
  return attempt(() =>
    db
      .select()
      .from(operatorAudit)
      .where(
        and(
          page.after === undefined ? undefined : lt(operatorAudit.id, page.after[0]),
          page.action === undefined ? undefined : eq(operatorAudit.action, page.action),
          page.target === undefined ? undefined : eq(operatorAudit.target, page.target),
        ),
      )
      .orderBy(desc(operatorAudit.id))
      .limit(pageRows(page)),
  );
}
