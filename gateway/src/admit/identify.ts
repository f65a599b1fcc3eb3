import { canonicalHost } from '@marvel/shared/destination';
import type { AuthorizedSourceRecord, SubUserRecord } from '@marvel/shared/feed';
import { type CapWindow, capWindows, type Limits } from '@marvel/shared/limits';
import type { Principal, Proof } from '../admission.ts';
import type { FleetView } from '../fleet-view.ts';
import type { OfferedCredential } from '../offer.ts';
import type { KeyDigests } from './key-digests.ts';

/** Where a connection comes from and when it is judged. */
export interface Circumstances {
  readonly clientIp: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** The credential that a principal is held to: its id, its limits, and what it was known by. */
interface Holder {
  readonly id: string;
  readonly account: string;
  readonly limits: Limits;
  readonly isTest: boolean;
  readonly proof: Proof;
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
  const before = digests.made;
  const principal =
    credential.kind === 'key'
      ? identifyKey(credential.key, fleet, digests, circumstances)
      : identifyOther(credential, fleet, digests, circumstances);
  // One digest is made for everyone who is refused, so that the time does not tell who shows nothing, a typo, or a key that was good.
  if (principal === undefined && digests.made === before) digests.makeInVain();
  return principal;
}

function identifyOther(
  credential: Parameters<typeof holderOf>[0],
  fleet: FleetView,
  digests: KeyDigests,
  circumstances: Circumstances,
): Principal | undefined {
  const holder = holderOf(credential, fleet, digests, circumstances.clientIp);
  return holder && principalOf(holder, fleet, circumstances);
}

/** A good key is good again as long as the feed has told nothing new, and only the time and the address can say otherwise. */
function identifyKey(
  key: string,
  fleet: FleetView,
  digests: KeyDigests,
  circumstances: Circumstances,
): Principal | undefined {
  const { version } = fleet;
  const known = digests.principalOf(key, version);
  if (known !== undefined) {
    return known.expiresAtMs > circumstances.nowMs && isAllowedFrom(known.limits, circumstances) ? known : undefined;
  }
  const digest = digests.digestOf(key);
  const entry = digest && fleet.keyByDigest(digest);
  if (digest === undefined || entry === undefined) return undefined;
  const { id, account, limits, test } = entry;
  const proof = { kind: 'key', digest } as const;
  const principal = principalOf({ id, account, limits, isTest: test, proof }, fleet, circumstances);
  digests.keep(key, digest, principal, version);
  return principal;
}

function principalOf(
  { id, account, limits, isTest, proof }: Holder,
  fleet: FleetView,
  circumstances: Circumstances,
): Principal | undefined {
  const owner = fleet.account(account);
  if (owner?.status !== 'active' || !isUsable(limits, circumstances)) return undefined;
  const budgets = isTest ? [] : budgetsOf(account, id, limits);
  return {
    account,
    accountThreads: owner.threads,
    credential: id,
    proof,
    limits,
    expiresAtMs: endOf(limits),
    budgets,
    isTest,
  };
}

/**
 * Judges a principal again by the feed as it is now, and notes when it ends. Gives whether it may keep what it has open: its
 * credential and account still stand, and it has no cap that what is open does not spend from.
 */
export function judgeAgain(principal: Principal, fleet: FleetView, nowMs: number): boolean {
  const { account, credential, proof, isTest, budgets } = principal;
  const limits = limitsNow(credential, proof, fleet);
  if (limits === undefined || !isInForce(limits, nowMs) || fleet.account(account)?.status !== 'active') return false;
  principal.expiresAtMs = endOf(limits);
  return isTest || budgetsOf(account, credential, limits).every((budget) => budgets.includes(budget));
}

function holderOf(
  credential: Exclude<OfferedCredential, { kind: 'key' }>,
  fleet: FleetView,
  digests: KeyDigests,
  clientIp: string,
): Holder | undefined {
  switch (credential.kind) {
    case 'none':
      return undefined;
    case 'sub_user': {
      const subUser = fleet.subUserByName(credential.username);
      // As much is done for a name that nobody has, so that the time tells nothing.
      const isProven = digests.isOfSubUser(credential.username, credential.password, subUser?.digest);
      return subUser !== undefined && isProven ? subUserHolder(subUser) : undefined;
    }
    case 'source': {
      const source = fleet.authorizedSource(clientIp);
      return source && sourceHolder(source, clientIp, fleet);
    }
  }
}

function subUserHolder({ id, account, limits, digest }: SubUserRecord): Holder {
  return { id, account, limits, isTest: false, proof: { kind: 'sub_user', id, digest } };
}

/** A source that stands for a sub-user is held to its limits, and spends with it. */
function sourceHolder(source: AuthorizedSourceRecord, address: string, fleet: FleetView): Holder | undefined {
  const { id, account, sub_user: subUser } = source;
  const proof: Proof = { kind: 'source', id, address, subUser };
  if (subUser === null) return { id, account, limits: {}, isTest: false, proof };
  const standsFor = fleet.subUser(subUser);
  return standsFor?.account === account ? { ...subUserHolder(standsFor), proof } : undefined;
}

/** The limits of a credential as they are now; `undefined` when what it was known by counts no more. */
function limitsNow(credential: string, proof: Proof, fleet: FleetView): Limits | undefined {
  switch (proof.kind) {
    case 'key': {
      const key = fleet.keyByDigest(proof.digest);
      return key?.id === credential ? key.limits : undefined;
    }
    case 'sub_user': {
      const subUser = fleet.subUser(proof.id);
      return subUser?.digest === proof.digest ? subUser.limits : undefined;
    }
    case 'source': {
      const source = fleet.authorizedSource(proof.address);
      if (source?.id !== proof.id || source.sub_user !== proof.subUser) return undefined;
      return proof.subUser === null ? {} : fleet.subUser(proof.subUser)?.limits;
    }
  }
}

function isUsable(limits: Limits, circumstances: Circumstances): boolean {
  return isInForce(limits, circumstances.nowMs) && isAllowedFrom(limits, circumstances);
}

function isAllowedFrom({ source_ips: addresses }: Limits, { clientIp }: Circumstances): boolean {
  return addresses === undefined || addresses.some((address) => canonicalHost(address) === clientIp);
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
