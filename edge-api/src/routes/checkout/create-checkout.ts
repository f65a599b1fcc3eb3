import { Checkout, CheckoutRequest } from '@marvel/shared/api/billing';
import type { Failure } from '@marvel/shared/failures';
import { err, ok } from '@marvel/shared/result';
import { billingPageUrl } from '../../domain/billing-page-url.ts';
import { endpoint } from '../../http/endpoint.ts';
import { findBundle } from '../../store/bundle.ts';
import { createInvoice } from '../../store/invoice.ts';
import { newId } from '../../store/new-id.ts';
import { createCheckout as createPaymentPage } from '../../vendor/stripe.ts';

export const createCheckout = endpoint({
  method: 'POST',
  path: '/v1/checkout',
  access: 'session',
  tag: 'Billing',
  summary: 'Buy a bundle',
  description: 'Gives an open invoice and the page to pay it on. The bytes are credited when the payment is confirmed.',
  body: CheckoutRequest,
  reply: { status: 201, description: 'The invoice and its payment page.', body: Checkout },
  failures: [],
  idempotent: true,
  async handle({ body, identity: { accountId }, once }, services) {
    const { db } = services;
    const found = await findBundle(db, body.bundle_id);
    if (!found.ok && found.error.code === 'unavailable') return err(found.error);
    if (!found.ok) return err({ code: 'invalid', message: 'bundle_id: is not on sale' });
    const { id: bundleId, name: description, bytes, priceCents: amountCents, currency } = found.value;
    const invoiceId = once === undefined ? newId('inv') : invoiceIdOf(once.token);
    const page = await createPaymentPage(services, {
      invoiceId,
      accountId,
      description,
      amountCents,
      currency,
      returnUrl: billingPageUrl(services.env),
      idempotencyKey: invoiceId,
    });
    if (!page.ok) return err(page.error.code === 'refused' ? refusal : page.error);
    const { id: stripeCheckoutId, url: checkoutUrl } = page.value;
    const answer = { invoice_id: invoiceId, checkout_url: checkoutUrl };
    // Nobody has seen the payment page before the invoice stands, so no payment can come without one.
    const terms = { id: invoiceId, accountId, bundleId, description, bytes, amountCents, currency };
    const made = await createInvoice(db, { ...terms, stripeCheckoutId, checkoutUrl }, await once?.seal(answer));
    return made.ok ? ok(answer) : made;
  },
});

const refusal: Failure = {
  code: 'invalid',
  message: 'bundle_id: cannot be paid for: the payment provider does not take its price or currency',
};

/** The same invoice, and by it the same payment page, for every repeat of the request. */
function invoiceIdOf(token: string): string {
  return `inv_${token.replaceAll(/[^0-9A-Za-z]/g, '').slice(0, 24)}`;
}
