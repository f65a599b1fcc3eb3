/** Readings of two clocks in ms: one that never steps but stops while the machine sleeps, one that may step. */
export interface ClockSources {
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
}

/** A wall clock this far behind where it was has been stepped; less is rounding and slewing. Bounds the error of the lease clock, ms. */
const stepBackMs = 1000;

const realSources: ClockSources = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };

/**
 * A clock for leases and staleness that never runs slow: it advances by the larger of what the monotonic and the wall
 * clock advanced. A suspend or a step forward ends leases early rather than late; a step back changes nothing.
 *
 * Gives ms from an arbitrary start, never decreasing; slow by at most `stepBackMs` in all after a small step back.
 */
export function createLeaseClock(sources: ClockSources = realSources): () => number {
  const startMs = sources.monotonicMs();
  let gainedMs = 0;
  let leadMs = sources.wallMs() - startMs;
  return () => {
    const monotonicMs = sources.monotonicMs();
    const nowLeadMs = sources.wallMs() - monotonicMs;
    if (nowLeadMs > leadMs) {
      gainedMs += nowLeadMs - leadMs;
      leadMs = nowLeadMs;
    } else if (nowLeadMs < leadMs - stepBackMs) {
      leadMs = nowLeadMs;
    }
    return monotonicMs - startMs + gainedMs;
  };
}
