import type { Database } from './database.ts';
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
