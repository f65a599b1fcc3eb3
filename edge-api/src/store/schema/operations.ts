import { bigint, index, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { moment } from './columns.ts';

/** What in a batch or payment could not be credited as it said; for the operator to look at. Nothing is dropped silently. */
export const anomaly = pgTable(
  'anomaly',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: moment('at').notNull().defaultNow(),
    kind: text('kind').notNull(),
    /** Batch `<gateway>/<boot>/<seq>`, or the payment reference. */
    source: text('source').notNull(),
    detail: jsonb('detail').$type<Record<string, unknown>>().notNull(),
  },
  (table) => [index('anomaly_at').on(table.at)],
);

/** Every write an operator made. */
export const operatorAudit = pgTable('operator_audit', {
  id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  at: moment('at').notNull().defaultNow(),
  action: text('action').notNull(),
  target: text('target').notNull(),
  detail: jsonb('detail').$type<Record<string, unknown>>().notNull().default({}),
  requestId: text('request_id'),
});

/** The first answer to a request that carried an `Idempotency-Key`, sealed so that only the client's repeat opens it. */
export const answer = pgTable(
  'answer',
  {
    /** Digest of who sent it, to which route, under which key. */
    id: text('id').primaryKey(),
    bodyDigest: text('body_digest').notNull(),
    sealed: text('sealed').notNull(),
    expiresAt: moment('expires_at').notNull(),
  },
  (table) => [index('answer_expiry').on(table.expiresAt)],
);
