/** Bounds of a wait that grows with each failure, ms. */
export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * How long to wait after the `failures`-th failure in a row (from 1): doubling up to `maxMs`, then anywhere in the upper
 * half of that, so that a fleet does not come back in step. `random` is uniform in [0, 1).
 */
export function backOffMs(failures: number, bounds: BackOff, random: () => number): number {
  const ceilingMs = Math.min(bounds.maxMs, bounds.firstMs * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return ceilingMs * (0.5 + random() / 2);
}
