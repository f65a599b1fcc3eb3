import type { JWK } from 'jose';
import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import { bytes, moment, numberRanges, safeCount } from './columns.ts';

/** An enrolled gateway. Whoever works on what a gateway owns locks this row first, its account budgets after it. */
export const gateway = pgTable(
  'gateway',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    tokenDigest: text('token_digest').notNull(),
    /** Public Ed25519 key that its batches are signed with. */
    publicKey: jsonb('public_key').$type<JWK>().notNull(),
    enrolledAt: moment('enrolled_at').notNull().defaultNow(),
    revokedAt: moment('revoked_at'),
    /** When its last batch came. */
    lastSeenAt: moment('last_seen_at'),
    /** The boot that may hold leases, and its last batch. */
    boot: text('boot'),
    seq: bytes('seq'),
    /** Digest of the last batch, whichever boot made it. */
    lastDigest: text('last_digest'),
    openTunnels: integer('open_tunnels').notNull().default(0),
  },
  (table) => [
    unique('gateway_token_key').on(table.tokenDigest),
    index('gateway_enrolled')
      .on(table.id)
      .where(sql`${table.revokedAt} is null`),
  ],
);

/** How far a gateway has read the feed. Apart from `gateway`, so that polling never waits for settling. Exact to 15 s. */
export const gatewayFeed = pgTable('gateway_feed', {
  gatewayId: text('gateway_id').primaryKey(),
  cursor: text('cursor').notNull(),
  seenAt: moment('seen_at').notNull(),
  /** The keys (`kid`) that it believes, as it last said. */
  knows: jsonb('knows').$type<readonly string[]>(),
  /** The version of its program, as it last said. */
  version: text('version'),
});

/** What a gateway last said it has open of each credential whose threads are limited, as the others are told it. Rewritten with each batch. */
export const gatewayTunnels = pgTable('gateway_tunnels', {
  gatewayId: text('gateway_id').primaryKey(),
  /** JSON of the lines, joined by commas, a hundred to a part. */
  parts: text('parts')
    .array()
    .notNull()
    .default(sql`'{}'`),
  saidAt: moment('said_at').notNull(),
});

/** The batches settled lately, with their first answers. With `usageBoot` the claim that makes a batch count once: one of the two has it. */
export const usageBatch = pgTable(
  'usage_batch',
  {
    gatewayId: text('gateway_id')
      .notNull()
      .references(() => gateway.id),
    boot: text('boot').notNull(),
    seq: bytes('seq').notNull(),
    /** SHA-256 of the body, base64url. */
    digest: text('digest').notNull(),
    previous: text('previous'),
    openedAt: moment('opened_at').notNull(),
    closedAt: moment('closed_at').notNull(),
    receivedAt: moment('received_at').notNull().defaultNow(),
    records: integer('records').notNull(),
    bytes: bytes('bytes').notNull(),
    /** The JSON that was answered, letter for letter. */
    reply: text('reply').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.gatewayId, table.boot, table.seq] }),
    index('usage_batch_received').on(table.receivedAt),
    safeCount('usage_batch_bytes', table.bytes),
  ],
);

/** The batches of one run of a gateway that were settled so long ago that no more than that is known of them. */
export const usageBoot = pgTable(
  'usage_boot',
  {
    gatewayId: text('gateway_id')
      .notNull()
      .references(() => gateway.id),
    boot: text('boot').notNull(),
    /** Numbers (`seq`). It only grows. */
    settled: numberRanges('settled').notNull(),
  },
  (table) => [primaryKey({ columns: [table.gatewayId, table.boot] })],
);
