import type { Stripe } from 'stripe';
import { newId } from './id.ts';

/** The card that every payer of the stand-in has. */
const testCard: Stripe.Charge.PaymentMethodDetails.Card = {
  amount_authorized: null,
  authorization_code: null,
  brand: 'visa',
  checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
  country: 'US',
  electronic_commerce_indicator: null,
  exp_month: 12,
  exp_year: 2040,
  fingerprint: 'standInFingerprint',
  funding: 'credit',
  installments: null,
  last4: '4242',
  mandate: null,
  network: 'visa',
  network_token: { used: false },
  network_transaction_id: null,
  regulated_status: 'unregulated',
  three_d_secure: null,
  transaction_link_id: null,
  wallet: null,
};

/** What is to be paid, by whom and for what. */
export interface PaymentOrder {
  readonly amount: number;
  readonly currency: string;
  readonly customer: string | null;
  readonly email: string | null;
  readonly description: string | null;
  readonly metadata: Stripe.Metadata;
  readonly receiptEmail: string | null;
  readonly statementDescriptor: string | null;
}

/** A payment that has not been tried. */
export function createPaymentIntent(order: PaymentOrder, nowSeconds: number): Stripe.PaymentIntent {
  const id = newId('pi');
  return {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: order.amount,
    amount_capturable: 0,
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${id}_secret_${newId('x').slice(2)}`,
    confirmation_method: 'automatic',
    created: nowSeconds,
    currency: order.currency,
    customer: order.customer,
    customer_account: null,
    description: order.description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: order.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: order.receiptEmail,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: order.statementDescriptor,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  };
}

const cardDeclined = { code: 'card_declined', message: 'Your card was declined.' } as const;

/** One try of a payment, which went well or was declined. */
export function createCharge(
  intent: Stripe.PaymentIntent,
  order: PaymentOrder,
  isPaid: boolean,
  nowSeconds: number,
): Stripe.Charge {
  return {
    id: newId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: isPaid ? intent.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: isPaid ? newId('txn') : null,
    billing_details: { address: null, email: order.email, name: null, phone: null, tax_id: null },
    calculated_statement_descriptor: order.statementDescriptor,
    captured: isPaid,
    created: nowSeconds,
    currency: intent.currency,
    customer: order.customer,
    description: order.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: isPaid ? null : cardDeclined.code,
    failure_message: isPaid ? null : cardDeclined.message,
    fraud_details: {},
    livemode: false,
    metadata: order.metadata,
    on_behalf_of: null,
    outcome: {
      advice_code: isPaid ? null : 'try_again_later',
      network_advice_code: null,
      network_decline_code: isPaid ? null : '05',
      network_status: isPaid ? 'approved_by_network' : 'declined_by_network',
      reason: isPaid ? null : 'generic_decline',
      risk_level: 'normal',
      risk_score: 1,
      seller_message: isPaid ? 'Payment complete.' : 'The bank did not return any further details with this decline.',
      type: isPaid ? 'authorized' : 'issuer_declined',
    },
    paid: isPaid,
    payment_intent: intent.id,
    payment_method: newId('pm'),
    payment_method_details: { type: 'card', card: { ...testCard, amount_authorized: isPaid ? intent.amount : null } },
    receipt_email: order.receiptEmail,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: order.statementDescriptor,
    statement_descriptor_suffix: null,
    status: isPaid ? 'succeeded' : 'failed',
    transfer_data: null,
    transfer_group: null,
  };
}

/** The payment after a try of it. */
export function afterCharge(intent: Stripe.PaymentIntent, charge: Stripe.Charge): Stripe.PaymentIntent {
  const tried = { ...intent, latest_charge: charge.id };
  return charge.paid
    ? {
        ...tried,
        amount_received: charge.amount,
        last_payment_error: null,
        payment_method: charge.payment_method,
        status: 'succeeded',
      }
    : {
        ...tried,
        last_payment_error: { charge: charge.id, ...cardDeclined, decline_code: 'generic_decline', type: 'card_error' },
        status: 'requires_payment_method',
      };
}
