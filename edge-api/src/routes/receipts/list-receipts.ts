import { ReceiptPage, ReceiptQuery } from '@marvel/shared/api/receipt';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listReceipts as listStoredReceipts } from '../../store/receipt.ts';
import { listByNumber } from '../paged-list.ts';
import { readPeriod } from '../period.ts';
import { showReceipt } from './show-receipt.ts';

const receipts = listByNumber('receipts', ({ transactionId }: { readonly transactionId: number }) => transactionId);

export const listReceipts = endpoint({
  method: 'GET',
  path: '/v1/receipts',
  access: 'session',
  tag: 'Usage',
  summary: 'What each usage batch billed, signed by its gateway',
  description:
    'Each entry of the ledger whose cause is `batch` has one receipt, with the same id and reference. With the keys of `/v1/receipts/keys` whoever holds them can derive the balance again, asking nobody. As CSV: the lines, without what proves them. Kept for 400 days.',
  query: ReceiptQuery,
  reply: {
    status: 200,
    description: 'Newest first.',
    body: ReceiptPage,
    csv: {
      columns: [
        'id',
        'at',
        'reference',
        'credential',
        'exit',
        'country',
        'network',
        'dialect',
        'bytes_up',
        'bytes_down',
        'connections',
        'test',
      ],
      within: 'lines',
    },
  },
  failures: [],
  async handle({ query, identity }, { db }) {
    const page = receipts.wanted(query);
    if (!page.ok) return page;
    const { limit } = page.value;
    const period = readPeriod(query);
    if (!period.ok) return period;
    const listed = await listStoredReceipts(db, identity.accountId, {
      ...period.value,
      limit,
      after: page.value.after?.[0],
    });
    if (!listed.ok) return listed;
    const { rows, nextCursor } = receipts.pageOf(listed.value, limit);
    return ok({ data: rows.map((receipt) => showReceipt(receipt, identity.accountId)), next_cursor: nextCursor });
  },
});
