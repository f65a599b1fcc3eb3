import type { Network } from '@marvel/shared/exit';
import type { FailureCode } from '@marvel/shared/failures';
import type { Dialect, PinLine } from '@marvel/shared/usage-batch';

/** What one tunnel (or one absolute-form request) spends, and under which headings it is reported. */
export interface Spending {
  readonly account: string;
  /** Id of the key, sub-user or authorised source. */
  readonly credential: string;
  /** The account's id and `<credential id>/<window>` for each cap; empty for a test key, which never bills. */
  readonly budgets: readonly string[];
  readonly exit: string;
  readonly country: string;
  readonly network: Network;
  readonly dialect: Dialect;
}

/** What a spender tells its tunnel; never from inside a call of the tunnel to the spender. */
export interface SpenderEvents {
  /** After `take` gave less than asked: more may be taken now. */
  onMore(): void;
  /** Cut the tunnel: its budget is dry, or (`unanswered`) it has waited too long for the edge. Not called after `end`. */
  onDry(why: 'dry' | 'unanswered'): void;
}

/**
 * One tunnel's hold on its budgets: take before forwarding, record what the other side's kernel accepted, give back the
 * rest.
 */
export interface Spender {
  /** Takes up to `bytes` and gives how many may be forwarded. Fewer than asked for: hold the rest, stop reading, wait for `onMore` or `onDry`. */
  take(bytes: number): number;
  /** Notes billable bytes; those never taken (the last few at the end of a tunnel) are taken now as far as there are any. */
  record(bytesUp: number, bytesDown: number): void;
  /** Gives back bytes that were taken but never reached the other side's kernel. */
  untake(bytes: number): void;
  /** Ends the hold once: counts one connection and gives back whatever was taken and not recorded. Later calls do nothing. */
  end(): void;
  /** As `end`, but counts nothing: what it was for is tried again, by another. */
  cancel(): void;
  /** After its end: holds once more, for the next request of the same spending. False where another has to be opened for it. */
  again(): boolean;
}

/** That of a test key: spends as it likes, and nothing of it is reported. */
export const unbilled: Spender = {
  take: (bytes) => bytes,
  record: () => undefined,
  untake: () => undefined,
  end: () => undefined,
  cancel: () => undefined,
  again: () => true,
};

/** What may be done on a set of budgets; the last two are failure codes for the client. */
export type BudgetStanding = 'spendable' | 'unknown' | 'balance_exhausted' | 'cap_exhausted';

/** The part of `usage/` that the way of a request sees. Nothing here waits for the edge but `whenKnown`. */
export interface UsageMeter {
  /** For admission. `unknown`: the edge's answer is under way, or the edge is away: `whenKnown`, or `stale_state`. */
  standing(budgets: readonly string[]): BudgetStanding;
  /** Like `standing`, but where that is `unknown` waits for the edge's answer, at most `admissionWaitMs`; still `unknown` then. */
  whenKnown(budgets: readonly string[]): Promise<BudgetStanding>;
  openSpender(spending: Spending, events: SpenderEvents): Spender;
  /** Counts one refusal of a known principal. Unknown credentials have no account to be reported to. */
  recordRefusal(principal: Pick<Spending, 'account' | 'credential' | 'dialect'>, code: FailureCode): void;
  /** Counts one dial. `latencyMs` counts for successful ones only. */
  recordDial(exit: string, succeeded: boolean, latencyMs: number): void;
  /** Reports a sticky pin made or moved here. */
  recordPin(pin: PinLine): void;
  /** Reports from where a key or sub-user is used. */
  recordSource(credential: string, clientIp: string): void;
}
