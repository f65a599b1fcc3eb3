import * as v from 'valibot';
import { Network } from './exit.ts';
import { failureCodes } from './failures.ts';
import { BatchReceipt, Digest } from './receipt/batch-receipt.ts';
import { Count, CountryCode, Id, Timestamp } from './units.ts';

/** How clients spoke to the gateway; what a record is filed under. */
export const Dialect = v.picklist(['marvel', 'socks5', 'proxies-fo', 'proxymesh']);
export type Dialect = v.InferOutput<typeof Dialect>;

/** A boot of a gateway process: 128 random bits, hex. */
export const Boot = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));

/** The account's budget has the account's id; a cap's is `<credential id>/<window>`. */
export const BudgetId = v.pipe(v.string(), v.regex(/^[a-z]{2,12}_[0-9A-Za-z]{4,48}(?:\/(?:day|month|total))?$/));

/** Bytes and connections of one (account, credential, exit, dialect) within the batch's window. */
export const UsageRecord = v.strictObject({
  account: Id,
  credential: Id,
  /** `null` for refusals, which never reached an exit. */
  exit: v.nullable(Id),
  country: v.nullable(CountryCode),
  network: v.nullable(Network),
  dialect: Dialect,
  bytes_up: Count,
  bytes_down: Count,
  /** Tunnels that ended, or requests answered, in the window. */
  connections: Count,
  refused: v.record(v.picklist(failureCodes), Count),
});
export type UsageRecord = v.InferOutput<typeof UsageRecord>;

/** What a gateway says of one budget: how much more it would like to hold, and what it gives back unspent. */
export const LeaseLine = v.strictObject({ budget: BudgetId, wanted: Count, returned: Count });
export type LeaseLine = v.InferOutput<typeof LeaseLine>;

export const OpenLine = v.strictObject({ credential: Id, tunnels: Count });
export const PinLine = v.strictObject({
  account: Id,
  session: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_]{1,64}$/)),
  exit: Id,
  generation: v.pipe(Count, v.minValue(1)),
  expires_at: Timestamp,
});
export type PinLine = v.InferOutput<typeof PinLine>;
export const ExitLine = v.strictObject({
  id: Id,
  dials: Count,
  failures: Count,
  /** Sum over the successful dials, whole milliseconds. */
  latency_ms: Count,
});

/** An address that a key or sub-user was used from: IPv4, or the /64 of an IPv6 one. */
export const SourceLine = v.strictObject({
  credential: Id,
  source_ip: v.pipe(v.string(), v.regex(/^(?:[0-9.]{7,15}|[0-9a-f:]{2,19}::\/64)$/)),
});
export type SourceLine = v.InferOutput<typeof SourceLine>;

/** The most records, and the most lines of each other kind, in one batch; a fuller window is split in several. */
export const maxBatchRecords = 1000;

const lines = <S extends v.GenericSchema>(schema: S) => v.pipe(v.array(schema), v.maxLength(maxBatchRecords));

/** One idempotent report of spent bytes. Its key is (gateway, boot, seq). Source: CONTRACT section 4. */
export const UsageBatch = v.strictObject({
  gateway: Id,
  boot: Boot,
  /** From 1, without gaps within a boot. */
  seq: v.pipe(Count, v.minValue(1)),
  /** `headDigest` of the gateway's batch before this one; `null` for the first the gateway ever made (or after its outbox was lost). */
  previous: v.nullable(Digest),
  opened_at: Timestamp,
  closed_at: Timestamp,
  receipt: BatchReceipt,
  records: lines(UsageRecord),
  leases: lines(LeaseLine),
  open: lines(OpenLine),
  pins: lines(PinLine),
  exits: lines(ExitLine),
  /** Those not told of before; absent from what older gateways post. */
  sources: v.optional(lines(SourceLine)),
});
export type UsageBatch = v.InferOutput<typeof UsageBatch>;

/** The edge's answer on one budget. */
export const LeaseAnswer = v.strictObject({
  budget: BudgetId,
  /** Bytes added to the lease by this answer. */
  granted: Count,
  /** From the moment the batch was first sent until the gateway must stop spending the lease, ms. */
  ttl_ms: Count,
  /** Whether credit is free beyond all leases: renews the opening allowance. */
  free: v.boolean(),
  /** How much of its unspent lease the gateway may keep; `null` for all. Set when others run short. */
  keep: v.nullable(Count),
});
export type LeaseAnswer = v.InferOutput<typeof LeaseAnswer>;

/** The signed reply to a batch; a repeat of the batch gets the first reply again. */
export const UsageReply = v.strictObject({
  gateway: Id,
  boot: Boot,
  seq: Count,
  leases: v.array(LeaseAnswer),
});
export type UsageReply = v.InferOutput<typeof UsageReply>;
