import { InvoiceList } from '@marvel/shared/api/billing';
import { PageQuery } from '@marvel/shared/api/page';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listInvoices as listStoredInvoices } from '../../store/invoice.ts';
import { listByAge } from '../paged-list.ts';
import { showInvoice } from './show-invoice.ts';

const invoices = listByAge('invoices');

export const listInvoices = endpoint({
  method: 'GET',
  path: '/v1/invoices',
  access: 'session',
  tag: 'Billing',
  summary: 'List the invoices',
  query: PageQuery,
  reply: { status: 200, description: 'Newest first.', body: InvoiceList },
  failures: [],
  async handle({ query, identity }, { db }) {
    const page = invoices.wanted(query);
    if (!page.ok) return page;
    const listed = await listStoredInvoices(db, identity.accountId, page.value);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = invoices.pageOf(listed.value, page.value.limit);
    return ok({ data: rows.map(showInvoice), next_cursor: nextCursor });
  },
});
