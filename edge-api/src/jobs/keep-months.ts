import type { Services } from '../http/services.ts';
import { keepMonths as keepStoredMonths } from '../store/keep-months.ts';

/** Keeps the tables that grow by the hour in months: makes those ahead, drops those that are over. */
export async function keepMonths({ db, log, nowMs }: Pick<Services, 'db' | 'log' | 'nowMs'>): Promise<void> {
  const dropped = await keepStoredMonths(db, new Date(nowMs));
  if (!dropped.ok) log.info('keep_months_unavailable');
  else if (dropped.value.length > 0) log.info('months_dropped', { names: dropped.value.join(' ') });
}
