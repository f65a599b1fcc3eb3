import { WebhookReceived } from '@marvel/shared/api/billing';
import type { Failure } from '@marvel/shared/failures';
import { ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';
import type { PaymentNews } from '../../domain/payment-news.ts';
import { endpoint } from '../../http/endpoint.ts';
import type { Services } from '../../http/services.ts';
import { deliverSoon } from '../../jobs/deliver-webhooks.ts';
import { voidInvoice } from '../../store/invoice.ts';
import { cancelUnpaid } from '../../store/subscription-news.ts';
import { giveBackPayment, postPayment, takeBackPayment } from '../../store/payment.ts';
import { findStripeEvent, markStripeEventHandled } from '../../store/stripe-event.ts';
import { openStripeEvent } from '../../vendor/stripe.ts';
import { takePeriodInvoice, takeSubscription } from './take-subscription.ts';

/** Stripe's events are a few KiB; one with everything expanded stays far below this. */
const maxBodyBytes = 512 * 1024;

export const receiveStripe = endpoint({
  method: 'POST',
  path: '/v1/webhooks/stripe',
  access: 'public',
  tag: 'Billing',
  summary: 'Hear of payments from Stripe',
  description: 'Credits once, whatever the order or number of deliveries. Refunds and disputes take the bytes back.',
  // Whatever its address was given when it was registered with Stripe: no payment is to be lost by that.
  query: v.looseObject({}),
  body: 'bytes',
  maxBodyBytes,
  reply: { status: 200, description: 'Taken in.', body: WebhookReceived },
  failures: ['signature_invalid', 'event_unreadable'],
  duringMaintenance: true,
  async handle({ body, headers }, services) {
    const { db, log } = services;
    const opened = await openStripeEvent(services, body, headers.get('Stripe-Signature'));
    if (!opened.ok) return opened;
    const { id, type, news } = opened.value;
    const before = await findStripeEvent(db, id);
    if (!before.ok) return before;
    if (before.value.isHandled) return ok({ received: true as const });
    for (const item of news) {
      const outcome = await apply(item, before.value.now, services);
      if (!outcome.ok) return outcome;
      log.info('payment_news', { stripe_event: id, type, outcome: outcome.value });
    }
    deliverSoon(services);
    const marked = await markStripeEventHandled(db, { id, type });
    return marked.ok ? ok({ received: true as const }) : marked;
  },
});

/** Lets one piece of news take effect; each store function does so once. */
async function apply(news: PaymentNews, now: string, services: Services): Promise<Result<string, Failure>> {
  const { db } = services;
  switch (news.kind) {
    case 'paid':
      return postPayment(db, news);
    case 'taken_back':
      return takeBackPayment(db, { ...news, kind: news.cause });
    case 'given_back':
      return giveBackPayment(db, { ...news, kind: news.cause });
    case 'expired': {
      const voided = await voidInvoice(db, news.accountId, news.invoiceId);
      // Paid or void already, or never written: nothing is left to void.
      return voided.ok || voided.error.code !== 'unavailable' ? ok('voided') : voided;
    }
    case 'never_begun': {
      const cancelled = await cancelUnpaid(db, news.subscriptionId);
      return cancelled.ok ? ok('cancelled') : cancelled;
    }
    case 'period_billed':
      return takePeriodInvoice(news.providerId, services);
    case 'subscription_changed':
      return takeSubscription(news.providerId, now, services);
  }
}
