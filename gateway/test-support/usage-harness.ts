import { onTestFinished } from 'vitest';
import { createEdgeClient } from '../src/edge-client.ts';
import type { Spender, SpenderEvents, Spending } from '../src/spender.ts';
import { createUsage, type Usage, type UsageOptions } from '../src/usage/usage.ts';
import type { UsageEvent } from '../src/usage/usage-event.ts';
import { EventLog } from './event-log.ts';
import { edgeKeys, newKeyPair, type ScriptedEdge, startEdge } from './scripted-edge.ts';
import { SettlingEdge } from './settling-edge.ts';

export const kib = 1024;
export const mib = 1024 * kib;

const gatewayKeys = await newKeyPair('gtw_0001');

/** An edge with these balances, for one test, which it fails if the gateway did what it must not. */
export async function startSettlingEdge(balances: Readonly<Record<string, number>> = {}) {
  const edge = new SettlingEdge(edgeKeys, gatewayKeys.keys);
  for (const [budget, bytes] of Object.entries(balances)) edge.balances.set(budget, bytes);
  const server = await startEdge((call) => edge.answer(call));
  onTestFinished(async () => {
    await server.stop();
    if (edge.complaints.length > 0) throw new Error(edge.complaints.join('; '));
  });
  return { edge, server };
}

/** Usage of a gateway that posts to `server` and believes a feed that tells of `balances`, for one test. */
export async function startUsage(
  server: ScriptedEdge,
  balances: ReadonlyMap<string, number>,
  options: Partial<UsageOptions> = {},
) {
  const client = createEdgeClient({ url: server.url, token: 'gw_test' });
  const events = new EventLog<UsageEvent>();
  const usage = await createUsage({
    edge: client,
    gateway: 'gtw_0001',
    signer: gatewayKeys.signer,
    keys: edgeKeys.keys,
    now: () => performance.now(),
    balanceBytes: (budget) => balances.get(budget),
    report: events.report,
    postIntervalMs: 5,
    heartbeatMs: 60_000,
    ...options,
  });
  let isClosed = false;
  const close = async (withinMs = 5000) => {
    if (isClosed) return;
    isClosed = true;
    await usage.close(withinMs);
    await client.close();
  };
  onTestFinished(() => close(0));
  usage.start();
  return { usage, events, close };
}

export const spending: Spending = {
  account: 'acc_0001',
  credential: 'key_0001',
  budgets: ['acc_0001'],
  exit: 'ext_0001',
  country: 'US',
  network: 'residential',
  dialect: 'marvel',
};

/** A tunnel that moves bytes as fast as it may, one chunk after another. */
export class Tunnel implements SpenderEvents {
  readonly spender: Spender;
  moved = 0;
  dry: 'dry' | 'unanswered' | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(usage: Usage, changes: Partial<Spending> = {}) {
    this.spender = usage.meter.openSpender({ ...spending, ...changes }, this);
  }

  onMore(): void {
    this.#changed.resolve();
  }

  onDry(why: 'dry' | 'unanswered'): void {
    this.dry = why;
    this.#changed.resolve();
  }

  /** Gives when so much is moved, or the tunnel is cut; ends it only when it is cut. */
  async move(bytes: number, chunk = 128 * kib): Promise<void> {
    for (let left = bytes; left > 0;) {
      this.#changed = Promise.withResolvers();
      const taken = this.spender.take(Math.min(left, chunk));
      this.spender.record(0, taken);
      this.moved += taken;
      left -= taken;
      if (taken === 0) await this.#changed.promise;
      if (this.dry === undefined) continue;
      this.spender.end();
      return;
    }
  }
}
