import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { SigningKey, VerificationKeys } from '@marvel/shared/signature';
import type { EdgeClient } from '../edge-client.ts';
import type { FleetChange } from '../fleet-view.ts';
import type { UsageMeter } from '../spender.ts';
import { BatchPoster } from './batch-poster.ts';
import { BatchSender } from './batch-sender.ts';
import { BatchStore } from './batch-store.ts';
import { Budgets } from './budgets.ts';
import { LeasedMeter } from './leased-meter.ts';
import { Outbox } from './outbox.ts';
import { BatchSealer } from './sealed-batch.ts';
import type { UsageEvent } from './usage-event.ts';
import { UsageWindow } from './usage-window.ts';
import { WaitingRoom } from './waiting-room.ts';

export interface UsageOptions {
  readonly edge: EdgeClient;
  /** Id of this gateway. */
  readonly gateway: string;
  /** Signs the batches. */
  readonly signer: SigningKey;
  /** The keys that replies may be signed with: those of the feed. */
  readonly keys: VerificationKeys;
  /** A clock that never runs slow, ms. */
  readonly now: () => number;
  /** Ms since 1970. */
  readonly wallNow?: () => number;
  /** What the feed says is left of a budget. */
  readonly balanceBytes: (budget: string) => number | undefined;
  /** Where sealed batches are kept; without it they are in memory only. No other process may use it. */
  readonly directory?: string;
  readonly report: (event: UsageEvent) => void;
  readonly postIntervalMs?: number;
  readonly heartbeatMs?: number;
  readonly requestTimeoutMs?: number;
  /** How long an open tunnel waits for the edge before it is cut. */
  readonly tunnelWaitMs?: number;
  /** How long `whenKnown` waits. */
  readonly admissionWaitMs?: number;
}

/** How much waits, for metrics. */
export interface UsageLoad {
  readonly pendingBatches: number;
  readonly pendingBatchBytes: number;
  /** Billable bytes counted and in no batch yet. */
  readonly unsealedBytes: number;
  readonly budgets: number;
  /** Tunnels and admissions that wait for the edge. */
  readonly waiting: number;
  /** Refusals, pins and exit lines that found no room, since the start. */
  readonly droppedLines: number;
}

/** What this gateway spends, and how the edge learns of it. */
export interface Usage {
  readonly meter: UsageMeter;
  load(): UsageLoad;
  /** Posts from now on, first what an earlier boot left. */
  start(): void;
  /** To be called with every change of the feed: a raised balance is asked for at once. */
  noteChange(change: FleetChange): void;
  /** After the last tunnel has ended: gives the leases back and posts everything, in `withinMs` at most. */
  close(withinMs: number): Promise<void>;
}

const defaults = {
  postIntervalMs: 1000,
  heartbeatMs: 5000,
  requestTimeoutMs: 10_000,
  tunnelWaitMs: 30_000,
  admissionWaitMs: 3000,
};

/** Makes the usage of one gateway process: draws its boot, and looks up what an earlier one left on disk. */
export async function createUsage(options: UsageOptions): Promise<Usage> {
  const settings = { ...defaults, wallNow: Date.now, ...options };
  const { now, report } = settings;
  const store =
    options.directory === undefined ? undefined : new BatchStore(join(options.directory, 'outbox'), options.gateway);
  const outbox = new Outbox(store, report);
  const previous = await outbox.restore();
  const sealer = new BatchSealer(options.gateway, randomBytes(16).toString('hex'), options.signer, previous);
  const budgets = new Budgets(options.balanceBytes);
  const window = new UsageWindow();
  const waiting = new WaitingRoom();
  const sender = new BatchSender({ ...settings });
  const poster = new BatchPoster({ ...settings, window, budgets, waiting, sealer, outbox, sender });
  const meter = new LeasedMeter({ ...settings, window, budgets, waiting, hurry: () => poster.hurry() });
  let regular: NodeJS.Timeout | undefined;

  return {
    meter,
    load: () => ({
      pendingBatches: outbox.size,
      pendingBatchBytes: outbox.bytes,
      unsealedBytes: window.unsentBytes,
      budgets: budgets.size,
      waiting: waiting.size,
      droppedLines: window.droppedLines,
    }),
    start() {
      poster.start();
      regular = setInterval(() => {
        waiting.dismiss(settings.tunnelWaitMs, now());
        poster.tick();
      }, settings.postIntervalMs);
    },
    noteChange(change) {
      if (change.kind === 'account' || change.kind === 'budget') budgets.noteFeedBalance(change.id);
      else if (change.kind === 'reset') budgets.noteFeedBalance();
      else return;
      if (budgets.hasUrgent) poster.hurry();
    },
    async close(withinMs) {
      clearInterval(regular);
      waiting.dismiss(Number.NEGATIVE_INFINITY, now());
      await poster.finish(AbortSignal.timeout(withinMs));
      if (outbox.size === 0 && window.unsentBytes === 0) return;
      report({
        kind: 'usage_unsent',
        batches: outbox.size,
        bytes: outbox.bytes,
        onDisk: outbox.isOnDisk && window.unsentBytes === 0,
      });
    },
  };
}
