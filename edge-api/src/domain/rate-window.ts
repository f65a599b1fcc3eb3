/** How often something may happen. */
export interface RateRule {
  readonly max: number;
  readonly windowMs: number;
}

/** After how many failures a caller is refused, and for how long. */
export interface BanRule {
  /** Failures within `windowMs` of the first one. */
  readonly failures: number;
  readonly windowMs: number;
  readonly banMs: number;
}

/** What is kept of one caller. Moments in ms since 1970. */
export interface RateState {
  readonly count: number;
  readonly endsAtMs: number;
  readonly failures: number;
  readonly failuresEndAtMs: number;
  readonly bannedUntilMs: number;
}

/** What a caller is told. */
export interface RateAnswer {
  readonly isAllowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** When the count starts anew, or the ban ends. */
  readonly resetAtMs: number;
}

export const freshRate: RateState = { count: 0, endsAtMs: 0, failures: 0, failuresEndAtMs: 0, bannedUntilMs: 0 };

/** Counts one more, unless that is one too many. A window begins with its first request. */
export function countOne(
  state: RateState,
  { max, windowMs }: RateRule,
  nowMs: number,
): { readonly state: RateState; readonly answer: RateAnswer } {
  if (state.bannedUntilMs > nowMs) {
    return { state, answer: { isAllowed: false, limit: max, remaining: 0, resetAtMs: state.bannedUntilMs } };
  }
  const isOpen = state.endsAtMs > nowMs;
  const endsAtMs = isOpen ? state.endsAtMs : nowMs + windowMs;
  const before = isOpen ? state.count : 0;
  if (before >= max) return { state, answer: { isAllowed: false, limit: max, remaining: 0, resetAtMs: endsAtMs } };
  const count = before + 1;
  return {
    state: { ...state, count, endsAtMs },
    answer: { isAllowed: true, limit: max, remaining: max - count, resetAtMs: endsAtMs },
  };
}

/** Notes a failure; the one that is too many bans the caller. */
export function noteFailure(state: RateState, rule: BanRule, nowMs: number): RateState {
  const isOpen = state.failuresEndAtMs > nowMs;
  const failures = (isOpen ? state.failures : 0) + 1;
  if (failures >= rule.failures) {
    const bannedUntilMs = Math.max(state.bannedUntilMs, nowMs + rule.banMs);
    return { ...state, failures: 0, failuresEndAtMs: 0, bannedUntilMs };
  }
  return { ...state, failures, failuresEndAtMs: isOpen ? state.failuresEndAtMs : nowMs + rule.windowMs };
}

/** When nothing of it counts any more. */
export function rateEndsAt({ endsAtMs, failuresEndAtMs, bannedUntilMs }: RateState): number {
  return Math.max(endsAtMs, failuresEndAtMs, bannedUntilMs);
}
