import type { Services } from '../http/services.ts';
import { reconcile } from '../store/reconcile.ts';
import { reconcileProvider } from './reconcile-provider.ts';

const dayMs = 86_400_000;
/** Two days each day: what was under way at the end of one is looked at again. */
const comparedDays = 2;
/** What was just paid may not have been told of yet. */
const settlingMs = 600_000;
/** The most problems that are logged one by one; the reports list more. */
const maxLogged = 100;

/** Proves the ledger and compares it with the payment provider, and says in the log what is not in order. Changes nothing. */
export async function reconcileBooks(services: Pick<Services, 'db' | 'env' | 'log' | 'nowMs'>): Promise<void> {
  const { db, log, nowMs } = services;
  const own = await reconcile(db);
  if (!own.ok) log.info('reconcile_unavailable', { books: 'ledger' });
  const to = new Date(nowMs - settlingMs);
  const compared = await reconcileProvider(services, { from: new Date(to.getTime() - comparedDays * dayMs), to });
  if (!compared.ok) log.info('reconcile_unavailable', { books: 'payments' });

  const problems = [
    ...(own.ok ? own.value.problems.map(({ id, ...rest }) => ({ where: id, ...rest })) : []),
    ...(compared.ok ? compared.value.problems.map(({ reference, ...rest }) => ({ where: reference, ...rest })) : []),
  ];
  for (const problem of problems.slice(0, maxLogged)) log.info('reconcile_problem', problem);
  log.info('reconciled', {
    problems: problems.length,
    ledger: own.ok,
    payments: compared.ok,
    is_whole: compared.ok && compared.value.isWhole,
  });
}
