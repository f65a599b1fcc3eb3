import { LedgerPage, LedgerQuery } from '@marvel/shared/api/ledger';
import { endpoint } from '../../http/endpoint.ts';
import { ledgerColumns, readLedger } from './read-ledger.ts';

export const getLedger = endpoint({
  method: 'GET',
  path: '/v1/ledger',
  access: 'session',
  tag: 'Usage',
  summary: 'Every movement of bytes, and the balance after it',
  description:
    'Of the whole ledger unless `from`, `to` or `cause` say otherwise; a filter that few entries pass takes a period.',
  query: LedgerQuery,
  reply: { status: 200, description: 'Newest first.', body: LedgerPage, csv: ledgerColumns },
  failures: [],
  async handle({ query, identity }, { db }) {
    return readLedger(db, identity.accountId, query);
  },
});
