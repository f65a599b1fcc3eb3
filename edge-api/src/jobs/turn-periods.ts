import type { Services } from '../http/services.ts';
import { expirePayments, turnSubscriptions } from '../store/turn-periods.ts';

/** Rows in one statement: each holds a balance, so few at a time. */
const rowsPerRound = 100;
/** What one run does at most; the next one is a minute away. */
const maxRounds = 50;

/** Begins and ends the periods of customers' subscriptions, and takes out of the balances what was bought for a period that is over. */
export async function turnPeriods({ db, log }: Pick<Services, 'db' | 'log'>): Promise<void> {
  for (const [name, turn] of Object.entries({
    subscriptions_turned: turnSubscriptions,
    payments_expired: expirePayments,
  })) {
    let total = 0;
    for (let round = 0; round < maxRounds; round += 1) {
      const turned = await turn(db, rowsPerRound);
      if (!turned.ok) {
        log.info('turn_periods_unavailable', { job: name, rows: total });
        return;
      }
      total += turned.value;
      if (turned.value < rowsPerRound) break;
    }
    if (total > 0) log.info(name, { rows: total });
  }
}
