import type { Stripe } from 'stripe';
import { newId } from './id.ts';
import type { Invoice, InvoiceLine, Subscription } from './objects.ts';

/** Why an invoice of a subscription is written: it begins, or its next period does. */
export type BillingReason = 'subscription_create' | 'subscription_cycle';

function lineOf(id: string, item: Subscription['items']['data'][number]): InvoiceLine {
  const amount = (item.price.unit_amount ?? 0) * item.quantity;
  return {
    id: newId('il'),
    object: 'line_item',
    amount,
    currency: item.price.currency,
    description: null,
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice: id,
    livemode: false,
    metadata: {},
    parent: {
      type: 'subscription_item_details',
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: false,
        proration_details: null,
        subscription: item.subscription,
        subscription_item: item.id,
      },
    },
    period: { start: item.current_period_start, end: item.current_period_end },
    pretax_credit_amounts: [],
    pricing: {
      type: 'price_details',
      price_details: {
        price: item.price.id,
        product: typeof item.price.product === 'string' ? item.price.product : item.price.product.id,
      },
      unit_amount_decimal: item.price.unit_amount_decimal,
    },
    quantity: item.quantity,
    subscription: item.subscription,
    subtotal: amount,
    taxes: [],
  };
}

/**
 * The open invoice of the period that a subscription is in. As with Stripe, the period of the invoice itself is the one
 * before it, and that of its lines the one that is paid for.
 */
export function createInvoice(
  subscription: Subscription,
  customer: Stripe.Customer,
  reason: BillingReason,
  payUrl: (id: string) => string,
  nowSeconds: number,
): Invoice {
  const id = newId('in');
  const lines = subscription.items.data.map((item) => lineOf(id, item));
  const amount = lines.reduce((sum, line) => sum + line.amount, 0);
  return {
    id,
    object: 'invoice',
    account_country: 'US',
    account_name: 'Marvel (stand-in)',
    account_tax_ids: null,
    amount_due: amount,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: amount,
    amount_shipping: 0,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: true,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: reason,
    collection_method: 'charge_automatically',
    created: nowSeconds,
    currency: subscription.currency,
    custom_fields: null,
    customer: customer.id,
    customer_account: null,
    customer_address: null,
    customer_email: customer.email,
    customer_name: customer.name ?? null,
    customer_phone: customer.phone ?? null,
    customer_shipping: null,
    customer_tax_exempt: 'none',
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: null,
    effective_at: nowSeconds,
    ending_balance: 0,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: payUrl(id),
    invoice_pdf: null,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    lines: { object: 'list', data: lines, has_more: false, url: `/v1/invoices/${id}/lines` },
    livemode: false,
    metadata: {},
    next_payment_attempt: null,
    number: `${customer.invoice_prefix ?? 'STANDIN'}-0001`,
    on_behalf_of: null,
    parent: {
      type: 'subscription_details',
      quote_details: null,
      subscription_details: { metadata: subscription.metadata, subscription: subscription.id },
    },
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: nowSeconds,
    period_start: nowSeconds,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: 'open',
    status_transitions: {
      finalized_at: nowSeconds,
      marked_uncollectible_at: null,
      paid_at: null,
      voided_at: null,
    },
    subtotal: amount,
    subtotal_excluding_tax: amount,
    test_clock: null,
    total: amount,
    total_discount_amounts: [],
    total_excluding_tax: amount,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
  };
}

/** The invoice with all of it paid. */
export function paidInvoice(invoice: Invoice, nowSeconds: number): Invoice {
  return {
    ...invoice,
    amount_paid: invoice.amount_due,
    amount_remaining: 0,
    attempt_count: invoice.attempt_count + 1,
    attempted: true,
    auto_advance: false,
    hosted_invoice_url: null,
    next_payment_attempt: null,
    status: 'paid',
    status_transitions: { ...invoice.status_transitions, paid_at: nowSeconds },
  };
}

/** The invoice once nobody is to pay it any more. */
export function closedInvoice(invoice: Invoice, status: 'void' | 'uncollectible', nowSeconds: number): Invoice {
  const at = status === 'void' ? { voided_at: nowSeconds } : { marked_uncollectible_at: nowSeconds };
  return {
    ...invoice,
    auto_advance: false,
    next_payment_attempt: null,
    status,
    status_transitions: { ...invoice.status_transitions, ...at },
  };
}

/** What pays an invoice: the payment that refunds and disputes will name. */
export function createInvoicePayment(invoice: Invoice, intentId: string, nowSeconds: number): Stripe.InvoicePayment {
  return {
    id: newId('inpay'),
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: nowSeconds,
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { type: 'payment_intent', payment_intent: intentId },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  };
}
