import { Invoice as ShownInvoice } from '@marvel/shared/api/billing';
import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import type { Services } from '../../http/services.ts';
import { type Invoice, voidInvoice as voidStoredInvoice } from '../../store/invoice.ts';
import { closeCheckout } from '../../vendor/stripe.ts';
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
async function closePaymentPage({ stripeCheckoutId }: Invoice, { env, log }: Services): Promise<void> {
  if (stripeCheckoutId === null) return;
  try {
    const closed = await closeCheckout(env, stripeCheckoutId);
    if (!closed.ok) log.info('payment_page_left_open', { code: closed.error.code });
  } catch (error) {
    log.error('payment_page_left_open', error);
  }
}
