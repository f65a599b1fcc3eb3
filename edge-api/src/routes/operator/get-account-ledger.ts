import { LedgerPage, LedgerQuery } from '@marvel/shared/api/ledger';
import { endpoint } from '../../http/endpoint.ts';
import { findOperatorAccount } from '../../store/operator-account.ts';
import { IdParams } from '../id-params.ts';
import { ledgerColumns, readLedger } from '../ledger/read-ledger.ts';

export const getAccountLedger = endpoint({
  method: 'GET',
  path: '/v1/operator/accounts/{id}/ledger',
  access: 'operator',
  tag: 'Operator',
  summary: 'Every movement of bytes of an account',
  description: 'As the account itself reads it at `/v1/ledger`.',
  params: IdParams,
  query: LedgerQuery,
  reply: { status: 200, description: 'Newest first.', body: LedgerPage, csv: ledgerColumns },
  failures: [],
  duringMaintenance: true,
  async handle({ params: { id }, query }, { db }) {
    const found = await findOperatorAccount(db, id);
    return found.ok ? readLedger(db, id, query) : found;
  },
});
