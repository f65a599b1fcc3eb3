import { canonicalHost } from '@marvel/shared/destination';
import { type CapWindow, capWindows, type Limits } from '@marvel/shared/limits';
import type { Principal } from '../admission.ts';
import type { FleetView } from '../fleet-view.ts';
import type { OfferedCredential } from '../offer.ts';
import type { KeyDigests } from './key-digests.ts';

/** Where a connection comes from and when it is judged. */
export interface Circumstances {
  readonly clientIp: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Who a credential stands for; `undefined` for everyone else, without telling apart the unknown, the revoked, the expired,
 * the paused, the suspended and those who come from an address their key does not allow.
 */
export function identify(
  credential: OfferedCredential,
  fleet: FleetView,
  digests: KeyDigests,
  circumstances: Circumstances,
): Principal | undefined {
  if (credential.kind === 'none') return undefined;
  const digest = digests.digestOf(credential.key);
  if (digest === undefined) return undefined;
  const key = fleet.keyByDigest(digest);
  if (key === undefined) return undefined;
  digests.keep(credential.key, digest);
  if (fleet.account(key.account)?.status !== 'active' || !isUsable(key.limits, circumstances)) return undefined;
  return {
    account: key.account,
    credential: key.id,
    digest,
    limits: key.limits,
    expiresAtMs: endOf(key.limits),
    budgets: key.test ? [] : budgetsOf(key.account, key.id, key.limits),
  };
}

/** Whether a principal may keep what it has open: by the feed as it is now, its credential and account still stand. */
export function isStillGood(principal: Principal, fleet: FleetView, nowMs: number): boolean {
  const key = fleet.keyByDigest(principal.digest);
  return (
    key !== undefined &&
    key.id === principal.credential &&
    isInForce(key.limits, nowMs) &&
    fleet.account(principal.account)?.status === 'active'
  );
}

function isUsable(limits: Limits, { clientIp, nowMs }: Circumstances): boolean {
  return (
    isInForce(limits, nowMs) &&
    (limits.source_ips === undefined || limits.source_ips.some((ip) => canonicalHost(ip) === clientIp))
  );
}

function isInForce(limits: Limits, nowMs: number): boolean {
  return limits.paused !== true && endOf(limits) > nowMs;
}

function endOf(limits: Limits): number {
  return limits.expires_at === undefined ? Number.POSITIVE_INFINITY : Date.parse(limits.expires_at);
}

const capOf = {
  day: 'bytes_per_day',
  month: 'bytes_per_month',
  total: 'bytes_total',
} as const satisfies Record<CapWindow, keyof Limits>;

function budgetsOf(account: string, credential: string, limits: Limits): readonly string[] {
  const budgets = [account];
  for (const window of capWindows) {
    if (limits[capOf[window]] !== undefined) budgets.push(`${credential}/${window}`);
  }
  return budgets;
}
