import type { Clock } from '../src/client/clock.ts';

/** A clock that goes on only when it is told to. */
export interface ManualClock extends Clock {
  /** Waits that somebody is in, by length; those that ended or were given up are gone. */
  readonly waits: readonly number[];
  /** Resolves once somebody waits for exactly so long. */
  waitedFor(ms: number): Promise<void>;
  advance(ms: number): void;
}

interface Wait {
  readonly ms: number;
  readonly untilMs: number;
  readonly end: () => void;
}

export function createManualClock(startMs = Date.parse('2026-11-20T12:00:00Z')): ManualClock {
  let nowMs = startMs;
  const waits = new Set<Wait>();
  const watchers = new Set<{ readonly ms: number; readonly seen: () => void }>();
  return {
    nowMs: () => nowMs,
    wait: async (ms, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const wait: Wait = { ms, untilMs: nowMs + ms, end: resolve };
        waits.add(wait);
        signal.addEventListener('abort', () => {
          waits.delete(wait);
          // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- whoever aborts chooses the reason
          reject(signal.reason);
        });
        for (const watcher of watchers) {
          if (watcher.ms !== ms) continue;
          watchers.delete(watcher);
          watcher.seen();
        }
      }),
    get waits() {
      return [...waits].map(({ ms }) => ms);
    },
    waitedFor: async (ms) =>
      new Promise((resolve) => {
        if ([...waits].some((wait) => wait.ms === ms)) resolve();
        else watchers.add({ ms, seen: resolve });
      }),
    advance(ms) {
      nowMs += ms;
      for (const wait of waits) {
        if (wait.untilMs > nowMs) continue;
        waits.delete(wait);
        wait.end();
      }
    },
  };
}
