import type { Transport } from '@marvel/shared/exit';
import type { Evidence } from '@marvel/shared/verdict';
import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { account } from './account.ts';
import { bytes, moment, safeCount } from './columns.ts';

/** One egress of the Reserve, as the Gauntlet last judged it. Live while not dropped and not expired. */
export const exit = pgTable(
  'exit',
  {
    id: text('id').primaryKey(),
    network: text('network', { enum: ['residential', 'isp', 'datacenter'] }).notNull(),
    country: text('country').notNull(),
    state: text('state'),
    city: text('city'),
    asn: bigint('asn', { mode: 'number' }).notNull(),
    exitIp: text('exit_ip').notNull(),
    transport: jsonb('transport').$type<Transport>().notNull(),
    purity: integer('purity').notNull(),
    grade: text('grade', { enum: ['S', 'A', 'B'] }).notNull(),
    seals: jsonb('seals').$type<readonly string[]>().notNull(),
    weight: integer('weight').notNull(),
    evidence: jsonb('evidence').$type<Evidence>().notNull(),
    expiresAt: moment('expires_at').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    droppedAt: moment('dropped_at'),
    /** The gate that dropped it, or `operator`. */
    dropGate: text('drop_gate'),
  },
  (table) => [
    // The same place reached the same way is the same exit, whatever its credentials are now.
    uniqueIndex('exit_place_key').on(
      table.exitIp,
      sql`(${table.transport} ->> 'type')`,
      sql`(${table.transport} ->> 'host')`,
      sql`(${table.transport} ->> 'port')`,
    ),
    index('exit_live')
      .on(table.country, table.network)
      .where(sql`${table.droppedAt} is null`),
    check('exit_network', sql`${table.network} in ('residential', 'isp', 'datacenter')`),
    check('exit_country', sql`${table.country} ~ '^[A-Z]{2}$'`),
    check('exit_purity', sql`${table.purity} between 0 and 100`),
    check('exit_grade', sql`${table.grade} in ('S', 'A', 'B')`),
    check('exit_weight', sql`${table.weight} between 1 and 1000`),
  ],
);

/** A sticky exit held for (account, session) until it expires. */
export const node = pgTable(
  'node',
  {
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    session: text('session').notNull(),
    exitId: text('exit_id').notNull(),
    /** What the node was asked for, to choose another exit by; `null` for a pin that a gateway reported. */
    country: text('country'),
    minPurity: integer('min_purity').notNull().default(0),
    /** Rises by one whenever the session gets another exit. */
    generation: integer('generation').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    expiresAt: moment('expires_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.session] }),
    index('node_expiry').on(table.expiresAt),
    check('node_session', sql`${table.session} ~ '^[A-Za-z0-9_]{1,64}$'`),
    check('node_generation', sql`${table.generation} >= 1`),
  ],
);

/** What gateways said of their dials through an exit, by the hour. One row a gateway, so that none waits for another. */
export const exitDial = pgTable(
  'exit_dial',
  {
    exitId: text('exit_id').notNull(),
    hour: moment('hour').notNull(),
    gatewayId: text('gateway_id').notNull(),
    dials: bytes('dials').notNull(),
    failures: bytes('failures').notNull(),
    /** Sum over the successful dials. */
    latencyMs: bytes('latency_ms').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.hour, table.exitId, table.gatewayId] }),
    safeCount('exit_dial_dials', table.dials),
    safeCount('exit_dial_failures', table.failures),
    safeCount('exit_dial_latency', table.latencyMs),
  ],
);
