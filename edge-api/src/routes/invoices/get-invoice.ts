import { Invoice } from '@marvel/shared/api/billing';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { findInvoice } from '../../store/invoice.ts';
import { IdParams } from '../id-params.ts';
import { showInvoice } from './show-invoice.ts';

export const getInvoice = endpoint({
  method: 'GET',
  path: '/v1/invoices/{id}',
  access: 'session',
  tag: 'Billing',
  summary: 'One invoice',
  params: IdParams,
  reply: { status: 200, description: 'The invoice.', body: Invoice },
  failures: [],
  async handle({ params, identity }, { db }) {
    const found = await findInvoice(db, identity.accountId, params.id);
    return found.ok ? ok(showInvoice(found.value)) : found;
  },
});
