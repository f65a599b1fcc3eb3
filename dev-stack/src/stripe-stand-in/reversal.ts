import { err, ok, type Result } from '@marvel/shared/result';
import type { Stripe } from 'stripe';
import * as v from 'valibot';
import type { Happening } from './event.ts';
import { invalidRequest, noSuch, type StripeFailure } from './failure.ts';
import { newId } from './id.ts';
import { Amount, Expand, Metadata, Text } from './params.ts';
import type { Store } from './store.ts';

export const CreateRefund = v.strictObject({
  charge: v.optional(Text),
  payment_intent: v.optional(Text),
  amount: v.optional(v.pipe(Amount, v.minValue(1, 'Invalid positive integer'))),
  reason: v.optional(v.picklist(['duplicate', 'fraudulent', 'requested_by_customer'])),
  metadata: v.optional(Metadata, {}),
  expand: Expand,
});
export type CreateRefund = Omit<v.InferOutput<typeof CreateRefund>, 'expand'>;

/** A reversal: the object that it made, and what is to be told of it. */
export interface Reversal<T> {
  readonly object: T;
  readonly happenings: readonly Happening[];
}

/** The charge that is meant by its own id or by that of its payment. */
export function findCharge(id: string, param: string, store: Store): Result<Stripe.Charge, StripeFailure> {
  const intent = store.get('payment_intent', id);
  if (intent === undefined) {
    const charge = store.get('charge', id);
    return charge === undefined ? err(noSuch(param.replace('_', ' '), id, param)) : ok(charge);
  }
  const latest = typeof intent.latest_charge === 'string' ? store.get('charge', intent.latest_charge) : undefined;
  return latest?.paid === true
    ? ok(latest)
    : err(invalidRequest(undefined, `This PaymentIntent (${id}) does not have a successful charge to refund.`, param));
}

function textId(value: string | { readonly id: string } | null): string | null {
  return typeof value === 'string' || value === null ? value : value.id;
}

/** Gives back a charge, or a part of it, at once. */
export function refundCharge(
  params: CreateRefund,
  store: Store,
  nowSeconds: number,
): Result<Reversal<Stripe.Refund>, StripeFailure> {
  const [param, id] =
    params.charge === undefined
      ? (['payment_intent', params.payment_intent] as const)
      : (['charge', params.charge] as const);
  if (id === undefined) {
    return err(
      invalidRequest(
        'parameter_missing',
        'One of the following params should be provided for this request: payment_intent or charge.',
      ),
    );
  }
  const found = findCharge(id, param, store);
  if (!found.ok) return found;
  const charge = found.value;
  const left = charge.amount_captured - charge.amount_refunded;
  if (charge.refunded)
    return err(invalidRequest('charge_already_refunded', `Charge ${charge.id} has already been refunded.`));
  if (charge.disputed)
    return err(invalidRequest('charge_disputed', `Charge ${charge.id} has been charged back; cannot issue a refund.`));
  const amount = params.amount ?? left;
  if (amount > left) {
    return err(
      invalidRequest(
        undefined,
        `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`,
        'amount',
      ),
    );
  }
  const refund: Stripe.Refund = {
    id: newId('re'),
    object: 'refund',
    amount,
    balance_transaction: newId('txn'),
    charge: charge.id,
    created: nowSeconds,
    currency: charge.currency,
    customer: textId(charge.customer),
    customer_account: null,
    metadata: params.metadata,
    payment_intent: textId(charge.payment_intent),
    payment_method: charge.payment_method,
    reason: params.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  };
  const refunded = { ...charge, amount_refunded: charge.amount_refunded + amount, refunded: amount === left };
  store.put(refund);
  store.put(refunded);
  return ok({
    object: refund,
    happenings: [
      { type: 'refund.created', object: refund },
      {
        type: 'charge.refunded',
        object: refunded,
        previous: { amount_refunded: charge.amount_refunded, refunded: charge.refunded },
      },
    ],
  });
}

/** What the cardholder says of a charge. */
export interface DisputeParams {
  /** Default: all of the charge. */
  readonly amount?: number;
  /** Default `fraudulent`. */
  readonly reason?: string;
}

const weekSeconds = 604_800;

const noEvidence: Stripe.Dispute.Evidence = {
  access_activity_log: null,
  billing_address: null,
  cancellation_policy: null,
  cancellation_policy_disclosure: null,
  cancellation_rebuttal: null,
  customer_communication: null,
  customer_email_address: null,
  customer_name: null,
  customer_purchase_ip: null,
  customer_signature: null,
  duplicate_charge_documentation: null,
  duplicate_charge_explanation: null,
  duplicate_charge_id: null,
  enhanced_evidence: {},
  product_description: null,
  receipt: null,
  refund_policy: null,
  refund_policy_disclosure: null,
  refund_refusal_explanation: null,
  service_date: null,
  service_documentation: null,
  shipping_address: null,
  shipping_carrier: null,
  shipping_date: null,
  shipping_documentation: null,
  shipping_tracking_number: null,
  uncategorized_file: null,
  uncategorized_text: null,
};

/** The cardholder takes a charge back, until the dispute is decided. */
export function disputeCharge(
  id: string,
  params: DisputeParams,
  store: Store,
  nowSeconds: number,
): Result<Reversal<Stripe.Dispute>, StripeFailure> {
  const found = findCharge(id, 'charge', store);
  if (!found.ok) return found;
  const charge = found.value;
  if (charge.disputed) return err(invalidRequest('charge_disputed', `Charge ${charge.id} is disputed already.`));
  const dispute: Stripe.Dispute = {
    id: newId('du'),
    object: 'dispute',
    amount: params.amount ?? charge.amount,
    balance_transactions: [],
    charge: charge.id,
    created: nowSeconds,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: noEvidence,
    evidence_details: {
      due_by: nowSeconds + weekSeconds,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_intent: textId(charge.payment_intent),
    reason: params.reason ?? 'fraudulent',
    status: 'needs_response',
  };
  store.put(dispute);
  store.put({ ...charge, disputed: true });
  return ok({
    object: dispute,
    happenings: [
      { type: 'charge.dispute.created', object: dispute },
      { type: 'charge.dispute.funds_withdrawn', object: dispute },
    ],
  });
}

/** The bank decides a dispute: won gives the money back to us. */
export function closeDispute(
  id: string,
  outcome: 'won' | 'lost',
  store: Store,
): Result<Reversal<Stripe.Dispute>, StripeFailure> {
  const open = store.get('dispute', id);
  if (open === undefined) return err(noSuch('dispute', id));
  if (open.status !== 'needs_response') return err(invalidRequest(undefined, 'This dispute is already closed'));
  const closed = { ...open, status: outcome };
  store.put(closed);
  const happenings: Happening[] = [
    { type: 'charge.dispute.closed', object: closed, previous: { status: open.status } },
  ];
  if (outcome === 'won') happenings.push({ type: 'charge.dispute.funds_reinstated', object: closed });
  return ok({ object: closed, happenings });
}
