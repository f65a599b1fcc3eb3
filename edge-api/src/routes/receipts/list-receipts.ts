import { ReceiptPage, ReceiptQuery } from '@marvel/shared/api/receipt';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listReceipts as listStoredReceipts } from '../../store/receipt.ts';
import { pageOf } from '../page.ts';
import { readPeriod } from '../period.ts';
import { showReceipt } from './show-receipt.ts';

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
    const limit = Number(query.limit);
    const period = readPeriod(query);
    if (!period.ok) return period;
    const after = query.cursor === undefined ? undefined : Number(query.cursor);
    const listed = await listStoredReceipts(db, identity.accountId, { ...period.value, limit, after });
    if (!listed.ok) return listed;
    const { rows, nextCursor } = pageOf(listed.value, limit, ({ transactionId }) => String(transactionId));
    return ok({ data: rows.map((receipt) => showReceipt(receipt, identity.accountId)), next_cursor: nextCursor });
  },
});
