import { chooseExit, type ExitWanted, fits } from '@marvel/shared/choose-exit';
import type { Exit, Network } from '@marvel/shared/exit';

/** The network that the Marvel dialect, its nodes and its availability speak of. */
export const marvelNetwork: Network = 'residential';

/** For how long a node holds its exit, if the exit lives that long. Source: CONTRACT 3.6. */
export const nodeTtlMs = 600_000;

/** What a node is asked for. */
export interface NodeWanted {
  readonly accountId: string;
  readonly session: string;
  readonly country: string;
  readonly minPurity: number;
}

/** Whether the exit that a session holds still serves what is wanted, so that it stays. */
export function keepsExit(held: Exit, wanted: NodeWanted, nowMs: number): boolean {
  return fits(held, exitWanted(wanted), nowMs);
}

/** The exit for a session: the one that any gateway would find for it. `undefined` when none fits. */
export function stickyExit(candidates: readonly Exit[], wanted: NodeWanted, nowMs: number): Exit | undefined {
  const { accountId: account, session } = wanted;
  return chooseExit(candidates, exitWanted(wanted), { kind: 'sticky', account, session }, nowMs);
}

/**
 * Another exit for a session, among candidates without the present one. `undefined` when none fits. Gateways learn of it
 * from the node's record; at random, since the second best of a session would lead back to the best.
 */
export function otherExit(
  candidates: readonly Exit[],
  wanted: NodeWanted,
  random: () => number,
  nowMs: number,
): Exit | undefined {
  return chooseExit(candidates, exitWanted(wanted), { kind: 'rotating', random }, nowMs);
}

/** When a node made now ends: in ten minutes, and no later than its exit. */
export function nodeExpiry(exit: Exit, nowMs: number): Date {
  return new Date(Math.min(nowMs + nodeTtlMs, Date.parse(exit.expires_at)));
}

function exitWanted({ country, minPurity }: NodeWanted): ExitWanted {
  return { network: marvelNetwork, country, minPurity };
}
