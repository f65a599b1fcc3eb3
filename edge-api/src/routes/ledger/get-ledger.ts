import { LedgerPage, LedgerQuery } from '@marvel/shared/api/ledger';
import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listLedger } from '../../store/ledger.ts';
import { pageOf } from '../page.ts';

export const getLedger = endpoint({
  method: 'GET',
  path: '/v1/ledger',
  access: 'session',
  tag: 'Usage',
  summary: 'Every movement of bytes, and the balance after it',
  description:
    'Of the whole ledger unless `from`, `to` or `cause` say otherwise; a filter that few entries pass takes a period.',
  query: LedgerQuery,
  reply: {
    status: 200,
    description: 'Newest first.',
    body: LedgerPage,
    csv: ['id', 'at', 'cause', 'reference', 'note', 'bytes', 'balance_bytes'],
  },
  failures: [],
  async handle({ query, identity }, { db }) {
    const limit = Number(query.limit);
    const [from, to] = [query.from, query.to].map((text) => (text === undefined ? undefined : new Date(text)));
    if (from !== undefined && to !== undefined && from >= to) {
      return err({ code: 'invalid', message: 'from: must be before to' });
    }
    const after = query.cursor === undefined ? undefined : Number(query.cursor);
    const listed = await listLedger(db, identity.accountId, { from, to, cause: query.cause, limit, after });
    if (!listed.ok) return listed;
    const { rows, nextCursor } = pageOf(listed.value, limit, ({ id }) => String(id));
    const data = rows.map(({ at, balanceBytes, ...entry }) => ({
      ...entry,
      at: at.toISOString(),
      balance_bytes: balanceBytes ?? 0,
    }));
    return ok({ data, next_cursor: nextCursor });
  },
});
