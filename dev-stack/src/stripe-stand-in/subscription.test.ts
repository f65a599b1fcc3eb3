import type { Stripe } from 'stripe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startStripeStandIn, type StripeStandIn } from '../stripe-stand-in.ts';
import { client, plan, secretKey } from './test-client.ts';

let standIn: StripeStandIn;
let stripe: Stripe;
const parts = new AsyncDisposableStack();
beforeAll(async () => {
  standIn = parts.use(await startStripeStandIn({ port: 0, secretKey }));
  stripe = client(standIn);
});
afterAll(async () => parts.disposeAsync());

/** A subscription that its payer began on the page. */
async function begin() {
  const session = await stripe.checkout.sessions.create(plan);
  standIn.pay(session.id);
  const paid = await stripe.checkout.sessions.retrieve(session.id, { expand: ['subscription'] });
  if (typeof paid.subscription !== 'object' || paid.subscription === null) throw new Error('no subscription');
  return paid.subscription;
}

function typesSince(count: number): readonly string[] {
  return standIn
    .events()
    .slice(count)
    .map(({ type }) => type);
}

describe('subscriptions', () => {
  test('a paid subscription session makes a customer, a subscription and a paid invoice', async () => {
    const session = await stripe.checkout.sessions.create(plan);
    standIn.pay(session.id);
    const paid = await stripe.checkout.sessions.retrieve(session.id, { expand: ['subscription', 'invoice'] });
    expect(paid).toMatchObject({
      payment_status: 'paid',
      payment_intent: null,
      customer: expect.stringMatching(/^cus_/) as unknown,
      subscription: { status: 'active', metadata: { plan: 'p1' }, items: { data: [{ price: { unit_amount: 900 } }] } },
      invoice: { status: 'paid', amount_paid: 900, billing_reason: 'subscription_create' },
    });
  });

  test('one made by the API is paused, resumed, set to end and cancelled', async () => {
    const { id: customer } = await stripe.customers.create({ email: 's@marvel.test' });
    const product = await stripe.products.create({ name: 'Plan' });
    const price = await stripe.prices.create({
      product: product.id,
      currency: 'usd',
      unit_amount: 500,
      recurring: { interval: 'year' },
    });
    const { id, items } = await stripe.subscriptions.create({
      customer,
      items: [{ price: price.id }],
      metadata: { a: '1', b: '2' },
    });
    const year = (items.data[0]?.current_period_end ?? 0) - (items.data[0]?.current_period_start ?? 0);
    expect(year / 86_400).toSatisfy((days: number) => days === 365 || days === 366);
    expect(
      await stripe.subscriptions.update(id, { pause_collection: { behavior: 'void' }, metadata: { a: '' } }),
    ).toMatchObject({
      pause_collection: { behavior: 'void' },
      metadata: { b: '2' },
    });
    expect(await stripe.subscriptions.update(id, { pause_collection: '' })).toMatchObject({ pause_collection: null });
    expect(await stripe.subscriptions.update(id, { cancel_at_period_end: true })).toMatchObject({
      cancel_at: items.data[0]?.current_period_end,
    });
    expect(await stripe.subscriptions.cancel(id)).toMatchObject({ status: 'canceled' });
    expect((await stripe.subscriptions.list({ customer })).data).toEqual([]);
    expect((await stripe.subscriptions.list({ customer, status: 'all' })).data).toHaveLength(1);
  });

  test('each invoice is for the period of its lines, and names the payment that a refund will', async () => {
    const { id, items } = await begin();
    const [item] = items.data;
    const first = await stripe.invoices.list({ limit: 1 });
    expect(first.data[0]?.lines.data[0]?.period).toEqual({
      start: item?.current_period_start,
      end: item?.current_period_end,
    });
    const renewed = standIn.renew(id);
    const invoice = await stripe.invoices.retrieve((renewed.ok && renewed.value?.id) || '', { expand: ['payments'] });
    expect(invoice).toMatchObject({ status: 'paid', billing_reason: 'subscription_cycle', amount_paid: 900 });
    expect(invoice.lines.data[0]?.period.start).toBe(item?.current_period_end);
    expect(invoice.parent?.subscription_details).toMatchObject({ subscription: id, metadata: { plan: 'p1' } });
    const intent = invoice.payments?.data[0]?.payment.payment_intent;
    expect(standIn.refund(typeof intent === 'string' ? intent : '').ok).toBe(true);
    expect(await stripe.invoices.retrieve(invoice.id ?? '')).not.toHaveProperty('payments');
  });

  test('a declined card leaves an open invoice and a subscription past due, until the card is good again', async () => {
    const { id } = await begin();
    const before = standIn.events().length;
    const renewed = standIn.renew(id, { isDeclined: true });
    const invoiceId = (renewed.ok && renewed.value?.id) || '';
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'past_due' });
    const open = await stripe.invoices.retrieve(invoiceId);
    expect(open).toMatchObject({ status: 'open', attempt_count: 1 });
    expect(typesSince(before)).toEqual([
      'invoice.created',
      'invoice.finalized',
      'charge.failed',
      'payment_intent.payment_failed',
      'invoice.payment_failed',
      'customer.subscription.updated',
    ]);
    const answer = await fetch(open.hosted_invoice_url ?? '', { method: 'POST', body: 'action=pay' });
    expect(await answer.text()).toContain('This has been paid');
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'active' });
    expect(await stripe.invoices.retrieve(invoiceId)).toMatchObject({ status: 'paid', hosted_invoice_url: null });
    expect(standIn.retryInvoice(invoiceId).ok).toBe(false);
  });

  test('while billing is paused the invoices of periods are void; one that was to end ends with its period', async () => {
    const { id } = await begin();
    await stripe.subscriptions.update(id, { pause_collection: { behavior: 'void' } });
    const renewed = standIn.renew(id);
    expect(renewed.ok && renewed.value).toMatchObject({ status: 'void', amount_paid: 0 });
    await stripe.subscriptions.update(id, { cancel_at_period_end: true, pause_collection: '' });
    expect(standIn.renew(id)).toEqual({ ok: true, value: undefined });
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'canceled' });
    expect(standIn.renew(id).ok).toBe(false);
  });

  test('an open invoice can be voided or given up, and one that was given up still be paid', async () => {
    const { id } = await begin();
    const open = () => {
      const renewed = standIn.renew(id, { isDeclined: true });
      return (renewed.ok && renewed.value?.id) || '';
    };
    expect(await stripe.invoices.voidInvoice(open())).toMatchObject({ status: 'void' });
    const given = open();
    expect(await stripe.invoices.markUncollectible(given)).toMatchObject({ status: 'uncollectible' });
    expect(await stripe.invoices.pay(given)).toMatchObject({ status: 'paid' });
    expect(standIn.closeInvoice(given, 'void').ok).toBe(false);
  });
});
