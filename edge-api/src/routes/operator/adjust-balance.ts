import { AdjustBalanceRequest, AdjustedBalance } from '@marvel/shared/api/operator';
import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { deliverSoon } from '../../jobs/deliver-webhooks.ts';
import { adjustBalance as adjustStoredBalance } from '../../store/adjust-balance.ts';
import { IdParams } from '../id-params.ts';

export const adjustBalance = endpoint({
  method: 'POST',
  path: '/v1/operator/accounts/{id}/adjust',
  access: 'operator',
  tag: 'Operator',
  summary: 'Give or take bytes',
  description: 'An entry in the ledger. With an Idempotency-Key it is made once, however often it is sent.',
  params: IdParams,
  body: AdjustBalanceRequest,
  reply: { status: 200, description: 'The balance as it is now.', body: AdjustedBalance },
  failures: [],
  idempotent: true,
  duringMaintenance: true,
  async handle({ params: { id }, body: { bytes, reason }, once }, services) {
    const { db, requestId } = services;
    // The key of a repeat is the same, so the ledger itself knows it.
    const key = once?.token ?? requestId;
    const audit = { action: 'account.adjust', target: id, detail: { bytes, reason }, requestId };
    const adjusted = await adjustStoredBalance(db, { accountId: id, bytes, reason, key }, audit);
    if (adjusted.ok) {
      deliverSoon(services, id);
      return ok({ account_id: id, balance_bytes: adjusted.value.balanceBytes });
    }
    const { code } = adjusted.error;
    if (code === 'conflict') {
      return err({ code, message: 'Idempotency-Key was used for another adjustment of this account' });
    }
    if (code !== 'out_of_range') return err({ code });
    return err({ code: 'invalid', message: 'bytes: would take the balance past what can be counted' });
  },
});
