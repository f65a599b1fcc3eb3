import { Invoice } from '@marvel/shared/api/billing';
import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { voidInvoice as voidStoredInvoice } from '../../store/invoice.ts';
import { IdParams } from '../id-params.ts';
import { showInvoice } from './show-invoice.ts';

export const voidInvoice = endpoint({
  method: 'POST',
  path: '/v1/invoices/{id}/void',
  access: 'session',
  tag: 'Billing',
  summary: 'Void an open invoice',
  params: IdParams,
  reply: { status: 200, description: 'The invoice, void.', body: Invoice },
  failures: ['conflict'],
  async handle({ params, identity }, { db }) {
    const voided = await voidStoredInvoice(db, identity.accountId, params.id);
    if (voided.ok) return ok(showInvoice(voided.value));
    return voided.error.code === 'conflict' ? err({ code: 'conflict', message: 'The invoice is not open' }) : voided;
  },
});
