import * as v from 'valibot';
import { capWindows } from '../limits.ts';
import { subscriptionStatuses } from '../subscription-transition.ts';
import { Count, Id, Line, SignedBytes, Timestamp } from '../units.ts';
import { PageQuery } from './page.ts';

/** What an account's endpoints can hear of. */
export const webhookEventTypes = [
  'invoice.paid',
  'payment.refunded',
  'payment.disputed',
  'payment.restored',
  'subscription.changed',
  'balance.low',
  'cap.reached',
  'key.new_source_ip',
  'exit.re_pinned',
  'webhook_endpoint.disabled',
] as const;
export const WebhookEventType = v.picklist(webhookEventTypes);

/** The most endpoints of one account. */
export const maxWebhookEndpoints = 20;

/** Where to; which addresses are served is for the deployment to say. */
const EndpointUrl = v.pipe(v.string(), v.maxLength(2048), v.url());
const Events = v.nullable(
  v.pipe(
    v.array(WebhookEventType),
    v.minLength(1),
    v.maxLength(webhookEventTypes.length),
    v.check((types) => new Set(types).size === types.length, 'must name each event once'),
  ),
);
const Description = Line(200);

export const CreateWebhookEndpointRequest = v.strictObject({
  /** https, and a public host. */
  url: EndpointUrl,
  /** `null` or absent: every event, those to come too. */
  events: v.optional(Events, null),
  description: v.optional(Description, ''),
});

/** A member that is given replaces what was there. */
export const UpdateWebhookEndpointRequest = v.strictObject({
  url: v.optional(EndpointUrl),
  events: v.optional(Events),
  description: v.optional(Description),
  /** `true` also lets an endpoint that was disabled for its failures try again. */
  enabled: v.optional(v.boolean()),
});

export const WebhookEndpoint = v.strictObject({
  id: Id,
  url: v.string(),
  /** `null`: every event. */
  events: v.nullable(v.array(WebhookEventType)),
  description: v.string(),
  status: v.picklist(['enabled', 'disabled']),
  /** `failing`: every try failed for three days. */
  disabled_reason: v.nullable(v.picklist(['owner', 'failing'])),
  disabled_at: v.nullable(Timestamp),
  /** Since when every try failed; `null` when the last one did not. */
  failing_since: v.nullable(Timestamp),
  created_at: Timestamp,
});
export type WebhookEndpoint = v.InferOutput<typeof WebhookEndpoint>;

/** Signs what is sent to an endpoint. */
export const WebhookSecret = v.pipe(v.string(), v.regex(/^whsec_[0-9a-f]{64}$/));

export const CreatedWebhookEndpoint = v.strictObject({
  ...WebhookEndpoint.entries,
  /** Shown once. */
  secret: WebhookSecret,
});

export const RotatedWebhookEndpoint = v.strictObject({
  ...CreatedWebhookEndpoint.entries,
  /** Until then every delivery is signed with the old secret too. */
  previous_secret_expires_at: Timestamp,
});

/** Every endpoint of the account, newest first. */
export const WebhookEndpointList = v.strictObject({ data: v.array(WebhookEndpoint), next_cursor: v.null() });

const deliveryStatuses = ['pending', 'delivered', 'failed'] as const;

export const WebhookDeliveryQuery = v.strictObject({
  ...PageQuery.entries,
  endpoint: v.optional(Id),
  status: v.optional(v.picklist(deliveryStatuses)),
});

/** The most characters that are kept of what an endpoint answered. */
export const maxWebhookResponseCharacters = 1024;

/** One try. */
export const WebhookAttempt = v.strictObject({
  /** From 1. */
  number: Count,
  at: Timestamp,
  duration_ms: Count,
  /** What the endpoint answered; `null` when it did not. */
  status: v.nullable(Count),
  /** Why there was no answer, or it does not count; `null` after a 2xx. A redirect is not followed. */
  error: v.nullable(
    v.picklist(['status', 'redirect', 'timeout', 'unreachable', 'name_not_found', 'address_forbidden']),
  ),
  /** The start of the answer's body. */
  response: v.nullable(v.pipe(v.string(), v.maxLength(maxWebhookResponseCharacters))),
});
export type WebhookAttempt = v.InferOutput<typeof WebhookAttempt>;

export const WebhookDelivery = v.strictObject({
  id: Id,
  endpoint_id: Id,
  /** The same for every delivery of the event: a receiver goes by it to take an event once. */
  event_id: Id,
  event_type: WebhookEventType,
  /** `failed`: given up, after the last try or since the endpoint was disabled or deleted. */
  status: v.picklist(deliveryStatuses),
  attempts: Count,
  next_attempt_at: v.nullable(Timestamp),
  created_at: Timestamp,
  last_attempt: v.nullable(WebhookAttempt),
});
export type WebhookDelivery = v.InferOutput<typeof WebhookDelivery>;

/** Newest first; `next_cursor` is `null` on the last page. Deliveries are kept for 30 days. */
export const WebhookDeliveryPage = v.strictObject({
  data: v.array(WebhookDelivery),
  next_cursor: v.nullable(v.string()),
});

const head = { id: Id, created_at: Timestamp, account_id: Id };
const payment = {
  payment_id: Id,
  invoice_id: Id,
  amount_cents: Count,
  /** ISO 4217, lower case. */
  currency: v.string(),
};
const Reversal = v.strictObject({
  ...payment,
  /** The refund or dispute, by the payment provider's id. */
  reference: v.string(),
  /** What the payment brought, and how much of it is taken back now. */
  bytes: Count,
  taken_back_bytes: Count,
});

/** What is sent to an endpoint. */
export const WebhookEvent = v.variant('type', [
  v.strictObject({
    ...head,
    type: v.literal('invoice.paid'),
    data: v.strictObject({ ...payment, bytes: Count }),
  }),
  v.strictObject({ ...head, type: v.literal('payment.refunded'), data: Reversal }),
  v.strictObject({ ...head, type: v.literal('payment.disputed'), data: Reversal }),
  /** The refund failed, or the dispute was won: the bytes are back. */
  v.strictObject({ ...head, type: v.literal('payment.restored'), data: Reversal }),
  v.strictObject({
    ...head,
    type: v.literal('subscription.changed'),
    /** As it is then: its status changed, a period began, or it is to end with its period, or no longer. */
    data: v.strictObject({
      subscription_id: Id,
      plan_id: Id,
      /** `null` for a subscription of the account itself. */
      customer_id: v.nullable(Id),
      status: v.picklist(subscriptionStatuses),
      periods_begun: Count,
      current_period_end: v.nullable(Timestamp),
      cancel_at_period_end: v.boolean(),
    }),
  }),
  v.strictObject({
    ...head,
    type: v.literal('balance.low'),
    /** `threshold_bytes` is one of the account's `low_balance_bytes`, the lowest that was reached. */
    data: v.strictObject({ balance_bytes: SignedBytes, threshold_bytes: Count }),
  }),
  v.strictObject({
    ...head,
    type: v.literal('cap.reached'),
    data: v.strictObject({
      /** A key, or a sub-user. */
      credential_id: Id,
      window: v.picklist(capWindows),
      cap_bytes: Count,
      /** When the cap is whole again; `null` for a total. */
      window_ends_at: v.nullable(Timestamp),
    }),
  }),
  v.strictObject({
    ...head,
    type: v.literal('key.new_source_ip'),
    data: v.strictObject({
      credential_id: Id,
      /** An IPv4 address, or the /64 of an IPv6 one. */
      source_ip: v.string(),
      /** Whether it is the first that the credential was ever used from. */
      first: v.boolean(),
    }),
  }),
  v.strictObject({
    ...head,
    type: v.literal('exit.re_pinned'),
    data: v.strictObject({
      session: v.string(),
      generation: Count,
      previous_exit_id: Id,
      exit_id: Id,
      exit_ip: v.string(),
      country: v.string(),
      expires_at: Timestamp,
    }),
  }),
  v.strictObject({
    ...head,
    type: v.literal('webhook_endpoint.disabled'),
    data: v.strictObject({ endpoint_id: Id, url: v.string(), failing_since: Timestamp }),
  }),
]);
export type WebhookEvent = v.InferOutput<typeof WebhookEvent>;

/** A delivery with what is sent, and every try, the first one first. */
export const WebhookDeliveryLog = v.strictObject({
  ...WebhookDelivery.entries,
  event: WebhookEvent,
  log: v.array(WebhookAttempt),
});
