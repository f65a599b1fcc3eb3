import type { Failure } from '@marvel/shared/failures';
import { readFleet } from '../store/fleet.ts';
import type { Services } from './services.ts';

/** For how long an isolate goes by what it last read. */
const freshMs = 1000;
const retryAfterS = 30;

let known: { readonly maintenance: boolean; readonly atMs: number } | undefined;

/** Why nobody is served right now, or `undefined`. Errors: `maintenance`, `unavailable`. Cost: a query a second and isolate. */
export async function refuseForMaintenance({ db, nowMs }: Services): Promise<Failure | undefined> {
  if (known === undefined || nowMs - known.atMs >= freshMs) {
    const fleet = await readFleet(db);
    if (!fleet.ok) return fleet.error;
    known = { maintenance: fleet.value.maintenance, atMs: nowMs };
  }
  return known.maintenance ? { code: 'maintenance', retryAfterS } : undefined;
}
