import type { Invoice as ShownInvoice } from '@marvel/shared/api/billing';
import type { Invoice } from '../../store/invoice.ts';

/** A stored invoice as the API shows it. */
export function showInvoice(invoice: Invoice): ShownInvoice {
  return {
    id: invoice.id,
    status: invoice.status,
    bundle_id: invoice.bundleId,
    subscription_id: invoice.subscriptionId,
    description: invoice.description,
    bytes: invoice.bytes,
    amount_cents: invoice.amountCents,
    currency: invoice.currency,
    checkout_url: invoice.status === 'open' ? invoice.checkoutUrl : null,
    created_at: invoice.createdAt.toISOString(),
    paid_at: invoice.paidAt?.toISOString() ?? null,
  };
}
