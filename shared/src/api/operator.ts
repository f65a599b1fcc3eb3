import * as v from 'valibot';
import { CheckoutCurrency } from '../currency.ts';
import { Exit, Network } from '../exit.ts';
import { DestinationPolicy } from '../feed.ts';
import { Count, CountryCode, Id, Line, SignedBytes, Timestamp } from '../units.ts';
import { Evidence } from '../verdict.ts';
import { Moment } from './moment.ts';
import { PageQuery } from './page.ts';
import { Subscription } from './subscription.ts';

const Name = v.pipe(Line(100), v.minLength(1));

/** The public half of the key that a gateway signs its batches with. */
export const GatewayPublicKey = v.strictObject({
  kty: v.literal('OKP'),
  crv: v.literal('Ed25519'),
  x: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url')),
  kid: v.optional(v.pipe(v.string(), v.maxLength(128))),
  alg: v.optional(v.picklist(['EdDSA', 'Ed25519'])),
  use: v.optional(v.literal('sig')),
  key_ops: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(16))), v.maxLength(8))),
  ext: v.optional(v.boolean()),
});

export const EnrolGatewayRequest = v.strictObject({ name: Name, public_key: GatewayPublicKey });

export const EnrolledGateway = v.strictObject({
  id: Id,
  name: Name,
  /** Shown once. */
  token: v.string(),
});

export const OperatorGateway = v.strictObject({
  id: Id,
  name: Name,
  enrolled_at: Timestamp,
  /** When its last batch came. */
  last_seen_at: v.nullable(Timestamp),
  open_tunnels: Count,
  feed_cursor: v.nullable(v.string()),
  feed_seen_at: v.nullable(Timestamp),
  /** Records of the feed that it has not read, counted up to 10,000; `null` before its first page. */
  feed_behind: v.nullable(Count),
  /** Of its program, as it last said: a release or a commit; `null` for a gateway that has not said. */
  version: v.nullable(v.string()),
});
export const OperatorGatewayList = v.strictObject({ data: v.array(OperatorGateway), next_cursor: v.null() });

/** One exit to take into the Reserve, with what probing it showed. */
export const ExitImportLine = v.strictObject({
  network: Network,
  country: CountryCode,
  state: v.optional(Exit.entries.state, null),
  city: v.optional(Exit.entries.city, null),
  asn: Exit.entries.asn,
  exit_ip: Exit.entries.exit_ip,
  transport: Exit.entries.transport,
  weight: v.optional(Exit.entries.weight, 100),
  expires_at: Timestamp,
  evidence: Evidence,
});
export type ExitImportLine = v.InferOutput<typeof ExitImportLine>;

/** The most exits of one import. */
export const maxImportExits = 1000;

/** Each line is judged by itself: one that is wrong does not stop the others. */
export const ImportExitsRequest = v.strictObject({
  exits: v.pipe(v.array(v.unknown()), v.minLength(1), v.maxLength(maxImportExits)),
});

/** What became of one line. `dropped`: a gate of the Gauntlet refused it, and `error` names the gate. */
export const ExitImportOutcome = v.strictObject({
  index: Count,
  id: v.nullable(Id),
  outcome: v.picklist(['added', 'updated', 'dropped', 'invalid']),
  error: v.nullable(v.string()),
});
export const ExitImportReport = v.strictObject({ data: v.array(ExitImportOutcome) });

const { kind: _kind, transport: _transport, ...shownExit } = Exit.entries;
/** An exit without what opens it. */
export const OperatorExit = v.strictObject({
  ...shownExit,
  transport: v.strictObject({ type: v.string(), host: v.string(), port: Count, tls: v.boolean() }),
  is_live: v.boolean(),
});
export const OperatorExitList = v.strictObject({ data: v.array(OperatorExit), next_cursor: v.nullable(v.string()) });

export const SaveBundleRequest = v.strictObject({
  name: Name,
  bytes: v.pipe(Count, v.minValue(1)),
  /** In the smallest unit of the currency. */
  price_cents: v.pipe(Count, v.maxValue(99_999_999)),
  currency: CheckoutCurrency,
});

export const OperatorBundle = v.strictObject({
  ...SaveBundleRequest.entries,
  id: Id,
  name: v.string(),
  /** One that was put on sale before it was refused may be any. */
  currency: v.string(),
  /** Whether it is on sale. */
  active: v.boolean(),
});
/** Every bundle, the smallest first. */
export const OperatorBundleList = v.strictObject({ data: v.array(OperatorBundle), next_cursor: v.null() });

export const SetFleetRequest = v.strictObject({ policy: DestinationPolicy });
export const FleetStatus = v.strictObject({
  epoch: Count,
  size: Count,
  live: Count,
  maintenance: v.boolean(),
  policy: DestinationPolicy,
});

/** The epoch that there is now; it becomes one more. */
export const RaiseEpochRequest = v.strictObject({ from: v.pipe(Count, v.minValue(1), v.maxValue(2_147_483_646)) });

export const SetMaintenanceRequest = v.strictObject({ on: v.boolean() });

export const AdjustBalanceRequest = v.strictObject({
  /** Negative takes. */
  bytes: v.pipe(
    SignedBytes,
    v.check((bytes) => bytes !== 0, 'must not be 0'),
  ),
  reason: v.pipe(Line(200), v.minLength(1)),
});
export const AdjustedBalance = v.strictObject({ account_id: Id, balance_bytes: SignedBytes });

/** What does not add up in the ledger, and what batches and payments could not be credited as they said. */
export const Reconciliation = v.strictObject({
  problems: v.array(
    v.strictObject({
      problem: v.string(),
      id: v.string(),
      expected: v.nullable(SignedBytes),
      found: v.nullable(SignedBytes),
    }),
  ),
  anomalies: v.array(v.strictObject({ at: Timestamp, kind: v.string(), source: v.string() })),
});

/** The longest while of one comparison with the payment provider, days. */
export const maxReconcileDays = 31;

export const ReconcileProviderQuery = v.strictObject({
  /** Default: 7 days before `to`. */
  from: v.optional(Moment),
  /** Exclusive. Default: ten minutes ago, so that what is still being told of is not taken for missing. */
  to: v.optional(Moment),
});

/** What the payment provider and Marvel do not have alike. */
export const ProviderReconciliation = v.strictObject({
  period: v.strictObject({ from: Timestamp, to: Timestamp }),
  /** How much of the provider's was compared. */
  compared: v.strictObject({ payments: Count, periods: Count, take_backs: Count, subscriptions: Count }),
  /** Whether that was all of it; if not, a shorter period is. */
  is_whole: v.boolean(),
  problems: v.array(
    v.strictObject({
      problem: v.string(),
      /** By the provider's name for it. */
      reference: v.string(),
      /** What the provider has; `null` for nothing. */
      expected: v.nullable(v.string()),
      /** What Marvel has; `null` for nothing. */
      found: v.nullable(v.string()),
    }),
  ),
});

const accountStatuses = ['active', 'suspended'] as const;

export const OperatorAccountQuery = v.strictObject({
  ...PageQuery.entries,
  /** The whole address, in whatever case. */
  email: v.optional(Line(254)),
  status: v.optional(v.picklist(accountStatuses)),
});
export const OperatorAccount = v.strictObject({
  account_id: Id,
  email: v.string(),
  status: v.picklist(accountStatuses),
  threads: v.nullable(Count),
  /** What it is on, of the plans of Marvel's; `null` without one that goes on. */
  plan: v.nullable(
    v.strictObject({
      id: Id,
      name: v.string(),
      status: Subscription.entries.status,
      current_period_end: v.nullable(Timestamp),
    }),
  ),
  balance_bytes: SignedBytes,
  /** Not revoked. */
  keys: Count,
  sub_users: Count,
  created_at: Timestamp,
});
/** Newest first; `next_cursor` is `null` on the last page. */
export const OperatorAccountList = v.strictObject({
  data: v.array(OperatorAccount),
  next_cursor: v.nullable(v.string()),
});
/** Why, for the audit log. */
export const SetAccountStatusRequest = v.strictObject({ reason: v.pipe(Line(200), v.minLength(1)) });

const AuditText = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be 1 to 64 letters, digits, _, . or -'));
export const AuditQuery = v.strictObject({
  ...PageQuery.entries,
  /** Such as `account.suspend`. */
  action: v.optional(AuditText),
  /** Id of what it was done to. */
  target: v.optional(AuditText),
});
export const AuditPage = v.strictObject({
  data: v.array(
    v.strictObject({
      id: Count,
      at: Timestamp,
      action: v.string(),
      target: v.string(),
      detail: v.record(v.string(), v.unknown()),
      request_id: v.nullable(v.string()),
    }),
  ),
  next_cursor: v.nullable(v.string()),
});

/** The keys that pages and replies are signed with, and which gateways know them. */
export const FeedKeys = v.strictObject({
  /** `kid` of the key that signs. */
  current: v.string(),
  /** `kid` of the key that is to sign next; `null` when none is set. */
  next: v.nullable(v.string()),
  gateways: v.array(
    v.strictObject({
      id: Id,
      /** The `kid`s that it believes, as it last said; `null` for a gateway that has not said. */
      knows: v.nullable(v.array(v.string())),
      feed_seen_at: v.nullable(Timestamp),
    }),
  ),
  /** Whether every gateway that read the feed within the last hour knows the next key: it can then become the current one. */
  may_switch: v.boolean(),
  /** `kid`s that some gateway still believes and that sign nothing here: they can be taken out of its configuration. */
  retired: v.array(v.string()),
});
