import { canonicalHost } from './destination.ts';
import { type Exit, grades, type Network } from './exit.ts';
import { hash32, mix32 } from './hash32.ts';

/** What the chosen exit must be. */
export interface ExitWanted {
  readonly network: Network;
  /** Two letters, upper case; absent for any. */
  readonly country?: string | undefined;
  /** Where no country is named: those that the exit may be in; absent for all. */
  readonly countries?: readonly string[] | undefined;
  readonly state?: string | undefined;
  readonly city?: string | undefined;
  /** 0 to 100. */
  readonly minPurity: number;
  /** Exits not to choose: those that just failed, or that a client ruled out. At most a handful. */
  readonly without?: ReadonlySet<string> | undefined;
  /** Exit IPs not to choose, as `canonicalHost` spells them. */
  readonly withoutIps?: ReadonlySet<string> | undefined;
}

/** How the choice is made: at random by weight, or the same for all who ask with the same account and session. */
export type ExitChoice =
  | { readonly kind: 'rotating'; /** Uniform in [0, 1). */ readonly random: () => number }
  | { readonly kind: 'sticky'; readonly account: string; readonly session: string };

/**
 * Chooses an exit among those given that fit: best non-empty grade first, then at random by weight
 * (rotating) or the highest rendezvous score of (account, session) and exit (sticky). `undefined` when none fits.
 *
 * Pure: the gateway dials by it and the edge issues nodes by it, over the same records, so that what availability
 * reports is what a dial gets. Cost: O(exits given). Source: CONTRACT 3.6.
 */
export function chooseExit(
  exits: Iterable<Exit>,
  wanted: ExitWanted,
  choice: ExitChoice,
  nowMs: number,
): Exit | undefined {
  const candidates = fitting(exits, wanted, nowMs);
  return choice.kind === 'sticky'
    ? highestScore(candidates, choice.account, choice.session)
    : byWeight(candidates, choice.random());
}

/** Whether an exit is live at a moment: a record that has not expired. */
export function isLive(exit: Exit, nowMs: number): boolean {
  return Date.parse(exit.expires_at) > nowMs;
}

/** Whether an exit may serve what is wanted, its grade aside. */
export function fits(exit: Exit, wanted: ExitWanted, nowMs: number): boolean {
  return (
    isIn(exit.country, wanted) &&
    exit.network === wanted.network &&
    exit.purity >= wanted.minPurity &&
    (wanted.state === undefined || exit.state === wanted.state) &&
    (wanted.city === undefined || exit.city === wanted.city) &&
    wanted.without?.has(exit.id) !== true &&
    wanted.withoutIps?.has(canonicalHost(exit.exit_ip)) !== true &&
    isLive(exit, nowMs)
  );
}

function isIn(country: string, wanted: ExitWanted): boolean {
  if (wanted.country !== undefined) return country === wanted.country;
  return wanted.countries === undefined || wanted.countries.includes(country);
}

/** The rendezvous score of an exit for (account, session): two 32-bit halves in one integer below 2^53. */
export function rendezvousScore(account: string, session: string, exitId: string): number {
  const seed = hash32(`${account}\n${session}`);
  const exit = hash32(exitId);
  return mix32(seed ^ exit) * 0x100000 + (mix32(Math.imul(seed, 0x9e3779b1) + exit) >>> 12);
}

function fitting(exits: Iterable<Exit>, wanted: ExitWanted, nowMs: number): readonly Exit[] {
  let best: Exit[] = [];
  let bestRank: number = grades.length;
  for (const exit of exits) {
    const rank = grades.indexOf(exit.grade);
    if (rank > bestRank || !fits(exit, wanted, nowMs)) continue;
    if (rank < bestRank) {
      best = [];
      bestRank = rank;
    }
    best.push(exit);
  }
  return best;
}

function highestScore(candidates: readonly Exit[], account: string, session: string): Exit | undefined {
  let chosen: Exit | undefined;
  let chosenScore = -1;
  for (const exit of candidates) {
    const score = rendezvousScore(account, session, exit.id);
    if (score > chosenScore || (score === chosenScore && chosen !== undefined && exit.id < chosen.id)) {
      chosen = exit;
      chosenScore = score;
    }
  }
  return chosen;
}

function byWeight(candidates: readonly Exit[], random: number): Exit | undefined {
  let total = 0;
  for (const exit of candidates) total += exit.weight;
  let rest = random * total;
  for (const exit of candidates) {
    rest -= exit.weight;
    if (rest < 0) return exit;
  }
  return candidates.at(-1);
}
