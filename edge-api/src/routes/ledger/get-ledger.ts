import { LedgerPage, LedgerQuery } from '@marvel/shared/api/ledger';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listLedger } from '../../store/ledger.ts';
import { pageOf } from '../page.ts';
import { readPeriod } from '../period.ts';

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
    const period = readPeriod(query);
    if (!period.ok) return period;
    const after = query.cursor === undefined ? undefined : Number(query.cursor);
    const listed = await listLedger(db, identity.accountId, { ...period.value, cause: query.cause, limit, after });
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
