import { describe, expect, test } from 'vitest';
import { readStripeEvent } from './stripe-event.ts';

const metadata = { invoice_id: 'inv_1', account_id: 'acc_1' };
const session = {
  id: 'cs_1',
  object: 'checkout.session',
  payment_status: 'paid',
  payment_intent: 'pi_1',
  amount_total: 1500,
  currency: 'usd',
  metadata,
};
const refund = { id: 're_1', amount: 500, status: 'succeeded', payment_intent: 'pi_1' };
const dispute = { id: 'dp_1', amount: 1500, status: 'needs_response', payment_intent: 'pi_1' };
const paid = { kind: 'paid', reference: 'pi_1', invoiceId: 'inv_1', amountCents: 1500, currency: 'usd' };
const refunded = { kind: 'taken_back', cause: 'refund', reference: 're_1', paymentReference: 'pi_1', amountCents: 500 };
const unrefunded = { kind: 'given_back', cause: 'refund', reference: 're_1', paymentReference: 'pi_1' };
const disputed = { ...refunded, cause: 'dispute', reference: 'dp_1', amountCents: 1500 };
const won = { ...unrefunded, cause: 'dispute', reference: 'dp_1' };

const subscribing = { ...session, subscription: 'sub_1', metadata: { subscription_id: 'sbn_1' } };
const changed = { kind: 'subscription_changed', providerId: 'sub_1' };
const billed = {
  id: 'in_1',
  parent: { subscription_details: { subscription: 'sub_1', metadata: subscribing.metadata } },
};

function newsOf(type: string, object: unknown) {
  const event = readStripeEvent({ id: 'evt_1', object: 'event', type, data: { object } });
  return event.ok ? event.value.news : event.error.place;
}

describe('readStripeEvent', () => {
  test.each([
    ['checkout.session.completed', session, [paid]],
    ['checkout.session.completed', { ...session, payment_intent: { id: 'pi_1', object: 'payment_intent' } }, [paid]],
    ['checkout.session.completed', { ...session, payment_status: 'unpaid' }, []],
    ['checkout.session.async_payment_succeeded', session, [paid]],
    ['checkout.session.async_payment_failed', session, []],
    ['payment_intent.succeeded', { id: 'pi_1', amount_received: 1500, currency: 'usd', metadata }, [paid]],
    ['payment_intent.payment_failed', { id: 'pi_1' }, []],
    ['checkout.session.expired', session, [{ kind: 'expired', accountId: 'acc_1', invoiceId: 'inv_1' }]],
    ['refund.created', refund, [refunded]],
    ['refund.created', { ...refund, status: 'pending' }, [refunded]],
    ['refund.updated', { ...refund, status: 'failed' }, [unrefunded]],
    ['refund.failed', { ...refund, status: 'failed' }, [unrefunded]],
    // Of another business in the same Stripe account: more of a small unit than the database counts.
    ['refund.created', { ...refund, amount: 5_000_000_000 }, [{ ...refunded, amountCents: 2_147_483_647 }]],
    ['charge.refunded', { payment_intent: 'pi_1', amount_refunded: 500 }, []],
    ['charge.refunded', { payment_intent: 'pi_1', refunds: { data: [{ id: 're_1', amount: 500 }] } }, [refunded]],
    ['charge.dispute.created', dispute, [disputed]],
    ['charge.dispute.created', { ...dispute, status: 'warning_needs_response' }, []],
    ['charge.dispute.funds_withdrawn', { ...dispute, status: 'warning_under_review' }, [disputed]],
    ['charge.dispute.closed', { ...dispute, status: 'won' }, [won]],
    ['charge.dispute.closed', { ...dispute, status: 'lost' }, [disputed]],
    ['charge.dispute.funds_reinstated', { ...dispute, status: 'under_review' }, [won]],
    ['customer.created', { id: 'cus_1' }, []],
    ['checkout.session.completed', subscribing, [changed]],
    ['checkout.session.completed', { ...subscribing, subscription: null }, []],
    ['checkout.session.expired', subscribing, [{ kind: 'never_begun', subscriptionId: 'sbn_1' }]],
    ['customer.subscription.updated', { id: 'sub_1', metadata: subscribing.metadata }, [changed]],
    ['customer.subscription.deleted', { id: 'sub_1', metadata: {} }, []],
    ['invoice.paid', billed, [{ kind: 'period_billed', providerId: 'in_1' }, changed]],
    ['invoice.payment_failed', { id: 'in_1', parent: null }, []],
  ] as const)('%s %o', (type, object, news) => {
    expect(newsOf(type, object)).toEqual(news);
  });

  test('what costs nothing is paid by its session', () => {
    const free = { ...session, payment_status: 'no_payment_required', payment_intent: null, amount_total: 0 };
    expect(newsOf('checkout.session.completed', free)).toEqual([{ ...paid, reference: 'cs_1', amountCents: 0 }]);
  });

  test('objects that are not ours give no news', () => {
    expect(newsOf('checkout.session.completed', { ...session, metadata: {} })).toEqual([]);
    expect(newsOf('payment_intent.succeeded', { id: 'pi_2', amount_received: 1, currency: 'usd' })).toEqual([]);
    expect(newsOf('refund.created', { ...refund, payment_intent: null })).toEqual([]);
  });

  test('a known type in an unknown shape is not passed over', () => {
    expect(newsOf('payment_intent.succeeded', { id: 'pi_1', amount_received: '1500' })).toBe(
      'data.object.amount_received',
    );
    expect(newsOf('refund.created', {})).toBe('data.object.id');
  });

  test.each([null, 7, 'x', [], {}, { id: 'evt_1' }, { id: 'evt_1', type: 'refund.created', data: null }])(
    '%j is no event',
    (event) => {
      expect(readStripeEvent(event).ok).toBe(false);
    },
  );

  test('an event of a type that is not known gives no news', () => {
    expect(newsOf('charge.succeeded', { whatever: 1 })).toEqual([]);
  });
});
