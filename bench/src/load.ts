import * as v from 'valibot';
import { startNative } from './native-process.ts';
import { basic, type Site } from './site.ts';
import type { Door } from './subjects/subject.ts';
import type { LoadMode } from './workloads.ts';

/** Tunnels are open, or (for `connect` and `http`) nothing had to be opened. */
const Ready = v.object({ event: v.literal('ready'), opened: v.number(), failed: v.number(), why: v.string() });

/** What a load did: bytes, tunnels, round trips or requests in `seconds`, and the latencies it saw. */
const Done = v.object({
  event: v.literal('done'),
  units: v.number(),
  failed: v.number(),
  seconds: v.number(),
  p50_us: v.number(),
  p99_us: v.number(),
  why: v.string(),
});
export type LoadReport = v.InferOutput<typeof Done>;

/** How much of a workload to do at one time. */
export interface Amount {
  readonly tunnels: number;
  /** For how long, where it is time that ends it. */
  readonly seconds: number;
  /** The most tunnels of a `connect`. */
  readonly count: number;
}

/** A load that stands before its start. */
export interface Load extends AsyncDisposable {
  readonly pid: number;
  /** Tunnels open now. */
  readonly opened: number;
  /** Why there are fewer than were asked for; empty if there are as many. */
  readonly shortfall: string;
  /** Starts it; `report` comes when it has ended and all its bytes have arrived. */
  go(): void;
  /** Ends a load that holds its tunnels (`idle`, `slow`). */
  stop(): void;
  report(): Promise<LoadReport>;
}

const openLimitMs = 60_000;
/** Longer than the load generator's own limit on draining. */
const drainLimitMs = 90_000;

/** Opens what a workload needs at a subject's door, or straight at the origin. */
export async function startLoad(site: Site, mode: LoadMode, door: Door, amount: Amount): Promise<Load> {
  const { login } = door;
  const native = await startNative(site.cores.load, [site.programs.load], {
    mode,
    proxy: `127.0.0.1:${door.port}`,
    speak: door.speak,
    to: `127.0.0.1:${site.origin.port}`,
    tunnels: `${amount.tunnels}`,
    seconds: `${amount.seconds}`,
    count: `${amount.count}`,
    ...(login !== undefined && { auth: basic(login), user: login.username, password: login.password }),
  });
  try {
    const ready = await native.next(Ready, openLimitMs);
    return {
      pid: native.pid,
      opened: ready.opened,
      shortfall: ready.failed === 0 ? '' : `${ready.failed} tunnels failed: ${ready.why}`,
      go: () => native.tell('g'),
      stop: () => native.tell('s'),
      report: async () => native.next(Done, amount.seconds * 1000 + drainLimitMs),
      [Symbol.asyncDispose]: async () => native[Symbol.asyncDispose](),
    };
  } catch (error) {
    await native[Symbol.asyncDispose]();
    throw error;
  }
}
