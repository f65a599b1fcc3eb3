import { type Failure, type FailureCode, failureEntry } from '@marvel/shared/failures';
import type { Limits } from '@marvel/shared/limits';
import { rehearsedFailure } from '@marvel/shared/rehearsal';
import type { Admission, Principal } from '../admission.ts';
import type { FleetView } from '../fleet-view.ts';
import type { ExitWish, Offer, SignIn } from '../offer.ts';
import type { BudgetStanding } from '../spender.ts';
import type { AddressBans } from './address-bans.ts';
import { type DestinationRules, mayVisit } from './destination-rules.ts';
import { type Circumstances, identify } from './identify.ts';
import type { KeyDigests } from './key-digests.ts';

/** What this gateway is busy with. */
export interface Load {
  isDraining(): boolean;
  /** As many tunnels are open as the gateway is set to carry. */
  isFull(): boolean;
  /** Tunnels of one credential: those here, being dialled included, and those that other gateways were last known to have. */
  tunnelsOf(credential: string): number;
  tunnelsOfAccount(account: string): number;
}

/** What an offer is judged by. */
export interface World {
  readonly fleet: FleetView;
  readonly digests: KeyDigests;
  readonly rules: DestinationRules;
  readonly bans: AddressBans;
  readonly load: Load;
  standing(budgets: readonly string[]): BudgetStanding;
}

/** `unknown`: admitted but for the budgets, on which the edge has to be heard first. */
export type Verdict =
  | { readonly kind: 'admitted'; readonly admission: Admission }
  | { readonly kind: 'unknown'; readonly admission: Admission }
  /** `principal`: who it was, once that is known. */
  | { readonly kind: 'refused'; readonly failure: Failure; readonly principal: Principal | undefined };

type Refused = Extract<Verdict, { kind: 'refused' }>;

/**
 * Judges who a client is and what it asks of the exit, for a protocol in which that comes before the destination.
 * `undefined`: nothing is wrong with it, or nothing that can be known yet.
 */
export function admitSignIn(signIn: SignIn, world: World, circumstances: Circumstances): Refused | undefined {
  if (!world.fleet.isReady) return undefined;
  const principal = recognise(signIn, world, circumstances);
  if (principal === undefined) return refused('unauthenticated');
  if (!signIn.wish.ok) return refused(signIn.wish.error, principal);
  const rehearsed = principal.isTest ? rehearsedFailure(signIn.wish.value.session, 'socks5') : undefined;
  // What is said in the answer to the request can be said only then.
  return rehearsed !== undefined && isSaidAtSignIn(rehearsed) ? refused(rehearsed, principal) : undefined;
}

/**
 * Judges an offer, in the one order of refusals: credential, target, destination, budgets and threads, the state of this
 * gateway. So whoever is not known learns only that. Source: CONTRACT 3.1.
 */
export function admit(offer: Offer, world: World, circumstances: Circumstances): Verdict {
  const { fleet } = world;
  // Nothing is known of anyone yet: to call a good key bad would be worse than to say so.
  if (!fleet.isReady) return refused('stale_state');
  const principal = recognise(offer, world, circumstances);
  if (principal === undefined) return refused('unauthenticated');
  if (!offer.wish.ok) return refused(offer.wish.error, principal);
  const rehearsed = principal.isTest ? rehearsedFailure(offer.wish.value.session, offer.dialect) : undefined;
  if (rehearsed !== undefined) return refused(rehearsed, principal);
  const wish = withinLimits(offer.wish.value, principal.limits);
  if (
    world.rules.refusalOf(offer.destination, fleet.policy) !== undefined ||
    !mayVisit(principal.limits, offer.destination.host) ||
    wish === undefined
  ) {
    return refused('destination_forbidden', principal);
  }
  const standing = principal.budgets.length === 0 ? 'spendable' : world.standing(principal.budgets);
  if (standing === 'balance_exhausted' || standing === 'cap_exhausted') return refused(standing, principal);
  if (!hasThreadLeft(principal, world.load)) return refused('threads_exhausted', principal);
  if (world.load.isDraining()) return refused('draining', principal);
  if (fleet.isStale()) return refused('stale_state', principal);
  if (world.load.isFull()) return refused('overloaded', principal);
  const admission = { principal, wish, destination: offer.destination };
  return { kind: standing === 'unknown' ? 'unknown' : 'admitted', admission };
}

/** Who a client is. A banned address is nobody, whatever it shows: so guesses from there tell nothing. */
function recognise({ credential }: SignIn, world: World, circumstances: Circumstances): Principal | undefined {
  if (world.bans.isBanned(circumstances.clientIp)) return undefined;
  return identify(credential, world.fleet, world.digests, circumstances);
}

function isSaidAtSignIn(code: FailureCode): boolean {
  const { socks5 } = failureEntry(code);
  return typeof socks5 === 'object' && socks5 !== null && 'auth' in socks5;
}

/** What is asked of the exit, narrowed to the countries of the credential; `undefined` when it names another. */
function withinLimits(wish: ExitWish, { countries }: Limits): ExitWish | undefined {
  if (countries === undefined) return wish;
  if (wish.country === undefined) return { ...wish, countries };
  const named = [wish.country, ...(wish.otherCountries ?? [])];
  return named.every((country) => countries.includes(country)) ? wish : undefined;
}

function hasThreadLeft(principal: Principal, load: Load): boolean {
  const ofCredential = principal.limits.threads;
  if (ofCredential !== undefined && load.tunnelsOf(principal.credential) >= ofCredential) return false;
  const ofAccount = principal.accountThreads;
  return ofAccount === null || load.tunnelsOfAccount(principal.account) < ofAccount;
}

function refused(code: FailureCode, principal?: Principal): Refused {
  return { kind: 'refused', failure: { code }, principal };
}
