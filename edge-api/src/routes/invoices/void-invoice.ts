import { Invoice as ShownInvoice } from '@marvel/shared/api/billing';
import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import type { Services } from '../../http/services.ts';
import { type Invoice, voidInvoice as voidStoredInvoice } from '../../store/invoice.ts';
import { closeCheckout } from '../../vendor/stripe.ts';
import { voidBilled } from '../../vendor/stripe-subscription.ts';
import { IdParams } from '../id-params.ts';
import { showInvoice } from './show-invoice.ts';

export const voidInvoice = endpoint({
  method: 'POST',
  path: '/v1/invoices/{id}/void',
  access: 'session',
  tag: 'Billing',
  summary: 'Void an open invoice',
  description: 'Its payment page is closed. A payment that was under way is credited all the same.',
  params: IdParams,
  reply: { status: 200, description: 'The invoice, void.', body: ShownInvoice },
  failures: ['conflict'],
  async handle({ params, identity }, services) {
    const voided = await voidStoredInvoice(services.db, identity.accountId, params.id);
    if (voided.ok) {
      services.afterwards(closePaymentPage(voided.value, services));
      return ok(showInvoice(voided.value));
    }
    return voided.error.code === 'conflict' ? err({ code: 'conflict', message: 'The invoice is not open' }) : voided;
  },
});

/** Keeps people from paying what is void. Not waited for: money that comes all the same is credited. */
async function closePaymentPage({ stripeCheckoutId, stripeInvoiceId }: Invoice, services: Services): Promise<void> {
  const { log } = services;
  try {
    const closed = await close(stripeCheckoutId, stripeInvoiceId, services);
    if (!closed.ok) log.info('payment_page_left_open', { code: closed.error.code });
  } catch (error) {
    log.error('payment_page_left_open', error);
  }
}

async function close(
  checkoutId: string | null,
  billedId: string | null,
  services: Services,
): Promise<Result<void, Failure>> {
  if (billedId !== null) return voidBilled(services, billedId);
  return checkoutId === null ? ok(undefined) : closeCheckout(services, checkoutId);
}
