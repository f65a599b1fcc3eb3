const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** How long a delivery waits after each try that failed; after the last one it is given up. In all 75.6 hours. */
const waitsMs: readonly number[] = [
  minuteMs,
  5 * minuteMs,
  30 * minuteMs,
  2 * hourMs,
  5 * hourMs,
  10 * hourMs,
  14 * hourMs,
  20 * hourMs,
  24 * hourMs,
];

/**
 * An endpoint at which every try has failed for so long is disabled. It is shorter than a schedule, so the last try of a
 * delivery comes when it is over: what failed from the first try to the last disables.
 */
export const disableAfterMs = 72 * hourMs;

/** How long to wait after so many failed tries; `undefined` when that was the last. */
export function nextWaitMs(triesDone: number): number | undefined {
  return waitsMs[triesDone - 1];
}
