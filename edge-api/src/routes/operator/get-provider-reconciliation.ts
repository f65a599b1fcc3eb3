import { maxReconcileDays, ProviderReconciliation, ReconcileProviderQuery } from '@marvel/shared/api/operator';
import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { reconcileProvider } from '../../jobs/reconcile-provider.ts';

const dayMs = 86_400_000;
const defaultDays = 7;
/** What was just paid may not have been told of yet. */
const settlingMs = 600_000;

export const getProviderReconciliation = endpoint({
  method: 'GET',
  path: '/v1/operator/reconcile/payments',
  access: 'operator',
  tag: 'Operator',
  summary: 'Compare with the payment provider',
  description:
    'Payments, paid periods, refunds and disputes of a while, and every subscription that goes on, as the provider has them and as they are here. Reports, and changes nothing.',
  query: ReconcileProviderQuery,
  reply: { status: 200, description: 'What is not alike.', body: ProviderReconciliation },
  failures: ['conflict'],
  duringMaintenance: true,
  async handle({ query }, services) {
    const to = new Date(query.to === undefined ? services.nowMs - settlingMs : Date.parse(query.to));
    const from = new Date(query.from === undefined ? to.getTime() - defaultDays * dayMs : Date.parse(query.from));
    if (from >= to)
      return err({ code: 'invalid', message: `${query.from === undefined ? 'to' : 'from'}: must be before to` });
    if (to.getTime() - from.getTime() > maxReconcileDays * dayMs) {
      return err({ code: 'invalid', message: `from: must be at most ${maxReconcileDays} days before to` });
    }
    const done = await reconcileProvider(services, { from, to });
    if (!done.ok) return done;
    const { provider, isWhole, problems } = done.value;
    return ok({
      period: { from: from.toISOString(), to: to.toISOString() },
      compared: {
        payments: provider.payments.length,
        periods: provider.periods.length,
        take_backs: provider.takeBacks.length,
        subscriptions: provider.subscriptions.length,
      },
      is_whole: isWhole,
      problems: [...problems],
    });
  },
});
