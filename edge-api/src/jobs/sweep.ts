import type { Services } from '../http/services.ts';
import { sweep as sweepStore } from '../store/sweep.ts';

/** Rows of each kind in one statement: short enough not to hold up anybody. */
const rowsPerRound = 500;
/** What one run does at most; the next one is a minute away. */
const maxRounds = 20;

/** Removes what is over, until nothing is left or the run has done its share. */
export async function sweep({ db, log }: Pick<Services, 'db' | 'log'>): Promise<void> {
  let total = 0;
  for (let round = 0; round < maxRounds; round += 1) {
    const swept = await sweepStore(db, rowsPerRound);
    if (!swept.ok) {
      log.info('sweep_unavailable', { rows: total });
      return;
    }
    total += swept.value;
    if (swept.value < rowsPerRound) break;
  }
  if (total > 0) log.info('swept', { rows: total });
}
