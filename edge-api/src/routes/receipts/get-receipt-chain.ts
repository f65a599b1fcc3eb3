import { ReceiptChainPage, ReceiptChainQuery } from '@marvel/shared/api/receipt';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listHeads } from '../../store/receipt.ts';
import { listByNumber } from '../paged-list.ts';
import { readPeriod } from '../period.ts';

const heads = listByNumber('receipts/chain', ({ number }: { readonly number: number }) => number);

export const getReceiptChain = endpoint({
  method: 'GET',
  path: '/v1/receipts/chain',
  access: 'session',
  tag: 'Usage',
  summary: 'The signed heads of all batches of one gateway',
  description:
    'Each head holds the digest of the one before, so that none can be left out unseen. A head says when its batch was made, and nothing of what is in it.',
  query: ReceiptChainQuery,
  reply: { status: 200, description: 'In the order in which they came.', body: ReceiptChainPage },
  failures: [],
  async handle({ query }, { db }) {
    const page = heads.wanted(query);
    if (!page.ok) return page;
    const { limit } = page.value;
    const period = readPeriod(query);
    if (!period.ok) return period;
    const listed = await listHeads(db, query.gateway, { ...period.value, limit, after: page.value.after?.[0] });
    if (!listed.ok) return listed;
    const { rows, nextCursor } = heads.pageOf(listed.value, limit);
    return ok({ data: rows.map(({ head, signature }) => ({ head, signature })), next_cursor: nextCursor });
  },
});
