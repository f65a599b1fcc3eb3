import type { DestinationPolicy } from '@marvel/shared/feed';
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgSequence,
  pgTable,
  primaryKey,
  text,
} from 'drizzle-orm/pg-core';
import { xid8 } from './columns.ts';

/** The one fleet of this database. Its size is the number of gateways that are enrolled and not revoked. */
export const fleet = pgTable(
  'fleet',
  {
    id: text('id').primaryKey().default('fleet'),
    /** To be raised by whoever restores the database to an earlier state: gateways then read everything anew. */
    epoch: integer('epoch').notNull().default(1),
    policy: jsonb('policy').$type<DestinationPolicy>().notNull(),
    maintenance: boolean('maintenance').notNull().default(false),
  },
  (table) => [check('fleet_single', sql`${table.id} = 'fleet'`), check('fleet_epoch', sql`${table.epoch} >= 1`)],
);

/** Orders the records of one transaction. */
export const feedRecordSeq = pgSequence('feed_record_seq', { cache: 1 });

/**
 * The newest state of everything the gateways follow, one row a record, in the order in which it became readable.
 * Written only by `feed_publish` and `feed_bury`, from triggers.
 */
export const feedRecord = pgTable(
  'feed_record',
  {
    kind: text('kind').notNull(),
    id: text('id').notNull(),
    /** The transaction that wrote it, and its place within it. */
    version: xid8('version')
      .notNull()
      .default(sql`pg_current_xact_id()`),
    seq: bigint('seq', { mode: 'number' })
      .notNull()
      .default(sql`nextval('feed_record_seq')`),
    /** As the gateways get it. */
    body: jsonb('body').notNull(),
    tombstone: boolean('tombstone').notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.kind, table.id] }), index('feed_record_place').on(table.version, table.seq)],
);
