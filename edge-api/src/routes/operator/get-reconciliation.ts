import { Reconciliation } from '@marvel/shared/api/operator';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { reconcile } from '../../store/reconcile.ts';

export const getReconciliation = endpoint({
  method: 'GET',
  path: '/v1/operator/reconcile',
  access: 'operator',
  tag: 'Operator',
  summary: 'Prove the ledger',
  description:
    'Reads the whole ledger. No problems: every transaction sums to zero, every balance is the sum of its entries, payments are credited as they were paid, and the batches of the last day billed as they were reported.',
  reply: { status: 200, description: 'What does not add up, and the newest anomalies.', body: Reconciliation },
  failures: [],
  duringMaintenance: true,
  async handle(_request, { db }) {
    const done = await reconcile(db);
    if (!done.ok) return done;
    const { problems, anomalies } = done.value;
    return ok({
      problems: [...problems],
      anomalies: anomalies.map(({ at, ...rest }) => ({ at: at.toISOString(), ...rest })),
    });
  },
});
