import { authorizableAddresses } from '../domain/authorized-source.ts';
import type { Services } from '../http/services.ts';
import { listHostnamesDue, refreshSources } from '../store/authorized-source.ts';
import { readFleet } from '../store/fleet.ts';
import { resolveHostname } from '../vendor/resolve-hostname.ts';

/** A name that was looked up less long ago is left for the next run, a minute later. */
const freshMs = 50_000;
/** For how long the last addresses of a name count while look-ups fail. */
export const maxAddressAgeMs = 3_600_000;
/** Look-ups of one run: each is two requests, and a run must end within its minute. More names only come less often. */
const maxLookups = 240;
/** Requests that a Worker may have open at once are six. */
const lookupsAtOnce = 3;

/** Looks host names up again and tells the fleet what they stand for now. */
export async function resolveSources({
  db,
  env,
  log,
  nowMs,
}: Pick<Services, 'db' | 'env' | 'log' | 'nowMs'>): Promise<void> {
  const due = await listHostnamesDue(db, new Date(nowMs - freshMs), maxLookups);
  if (!due.ok) return log.info('resolve_unavailable');
  if (due.value.length === 0) return;
  const fleet = await readFleet(db);
  if (!fleet.ok) return log.info('resolve_unavailable');

  let changed = 0;
  let failed = 0;
  for (let start = 0; start < due.value.length; start += lookupsAtOnce) {
    const found = await Promise.all(
      due.value.slice(start, start + lookupsAtOnce).map(async ({ id, hostname }) => {
        const resolved = await resolveHostname(env, hostname);
        return { id, addresses: resolved.ok ? authorizableAddresses(resolved.value, fleet.value.policy) : null };
      }),
    );
    failed += found.filter(({ addresses }) => addresses === null).length;
    const refreshed = await refreshSources(db, found, maxAddressAgeMs);
    if (!refreshed.ok) return log.info('resolve_unavailable');
    changed += refreshed.value;
  }
  if (changed + failed > 0) log.info('sources_resolved', { names: due.value.length, changed, failed });
}
