import { InvoiceList, PageQuery } from '@marvel/shared/api/billing';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listInvoices as listStoredInvoices } from '../../store/invoice.ts';
import { showInvoice } from './show-invoice.ts';

export const listInvoices = endpoint({
  method: 'GET',
  path: '/v1/invoices',
  access: 'session',
  tag: 'Billing',
  summary: 'List the invoices',
  query: PageQuery,
  reply: { status: 200, description: 'Newest first.', body: InvoiceList },
  failures: [],
  async handle({ query: { limit, cursor }, identity }, { db }) {
    const page = { limit: Number(limit), ...(cursor === undefined ? {} : { after: cursor }) };
    const listed = await listStoredInvoices(db, identity.accountId, page);
    if (!listed.ok) return listed;
    const data = listed.value.map(showInvoice);
    return ok({ data, next_cursor: data.length < page.limit ? null : (data.at(-1)?.id ?? null) });
  },
});
