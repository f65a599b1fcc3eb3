import type { FailureCode } from '@marvel/shared/failures';
import type { Dialect } from '@marvel/shared/usage-batch';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { ListenerName } from '../offer.ts';
import type { EndReason } from '../tunnel-end.ts';
import { Durations } from './durations.ts';
import { Tally } from './tally.ts';

/** What the metrics read of the rest when they are scraped. */
export interface MetricSources {
  /** Tunnels open or being dialled. */
  readonly tunnels: () => number;
  /** Client connections, whatever their state. */
  readonly connections: () => number;
  /** Bytes that the tunnels now open have carried so far. */
  readonly liveBytes: () => { readonly up: number; readonly down: number };
  /** Since the newest page of the feed was issued, ms. */
  readonly feedAgeMs: () => number;
  readonly pendingBatches: () => number;
  readonly unsealedBytes: () => number;
  /** Addresses that are not listened to. */
  readonly bannedAddresses: () => number;
  /** When the certificate that is shown ends, ms since 1970; only with TLS. */
  readonly tlsExpiresAtMs: (() => number) | undefined;
}

/** The metrics of one gateway, named as Prometheus would have it: base units, `_total` for counters. */
export interface Metrics {
  readonly accepted: (listener: ListenerName) => void;
  readonly tlsHandshakeFailed: () => void;
  readonly banned: () => void;
  readonly tunnelOpened: (setupMs: number) => void;
  readonly tunnelEnded: (
    dialect: Dialect,
    end: EndReason,
    bytesUp: number,
    bytesDown: number,
    durationMs: number,
  ) => void;
  /** An absolute-form request with its answer. */
  readonly requestEnded: Metrics['tunnelEnded'];
  readonly refused: (dialect: Dialect, code: FailureCode) => void;
  readonly abandoned: (dialect: Dialect) => void;
  readonly dialled: (succeeded: boolean) => void;
  readonly noted: (event: string) => void;
  readonly contentType: string;
  /** The metrics as text. */
  readonly scrape: () => Promise<string>;
}

const setupBucketsS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];
const durationBucketsS = [0.1, 1, 10, 60, 600, 3600, 36_000];
/** How often the event loop's delay is sampled, ms; each sample wakes the process. */
const eventLoopSampleMs = 100;

/** Makes the metrics of one gateway, in a registry of their own. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: eventLoopSampleMs });
  gauge('marvel_gateway_tunnels', 'Tunnels open or being dialled.', sources.tunnels);
  gauge('marvel_gateway_connections', 'Client connections, whatever their state.', sources.connections);
  gauge('marvel_gateway_feed_age_seconds', 'Since the newest believed page of the feed was issued.', () => {
    return sources.feedAgeMs() / 1000;
  });
  gauge('marvel_gateway_pending_batches', 'Usage batches sealed and not acknowledged.', sources.pendingBatches);
  gauge('marvel_gateway_unsealed_bytes', 'Billable bytes counted and in no batch yet.', sources.unsealedBytes);
  gauge('marvel_gateway_banned_addresses', 'Addresses not listened to for a while.', sources.bannedAddresses);
  const { tlsExpiresAtMs } = sources;
  if (tlsExpiresAtMs !== undefined) {
    gauge('marvel_gateway_tls_certificate_expiry_timestamp_seconds', 'When the certificate that is shown ends.', () => {
      return tlsExpiresAtMs() / 1000;
    });
  }

  const ended = { up: 0, down: 0 };
  const relayed = new Counter({
    name: 'marvel_gateway_relayed_bytes_total',
    help: 'Bytes read from one side of a tunnel and accepted by the other, by direction as the client sees it.',
    labelNames: ['direction'],
    collect() {
      const live = sources.liveBytes();
      this.reset();
      this.inc({ direction: 'up' }, ended.up + live.up);
      this.inc({ direction: 'down' }, ended.down + live.down);
    },
    registers: [],
  });
  registry.registerMetric(relayed);
  const acceptedBy: Partial<Record<ListenerName, number>> = {};
  const accepted = new Counter({
    name: 'marvel_gateway_accepted_connections_total',
    help: 'Client connections accepted, by listener.',
    labelNames: ['listener'],
    collect() {
      this.reset();
      for (const [listener, count] of Object.entries(acceptedBy)) this.inc({ listener }, count);
    },
    registers: [],
  });
  registry.registerMetric(accepted);
  const failedHandshakes = new Counter({
    name: 'marvel_gateway_tls_handshake_failures_total',
    help: 'Client connections that ended before TLS stood.',
    registers,
  });
  const bans = new Counter({
    name: 'marvel_gateway_address_bans_total',
    help: 'Bans of addresses that were refused for their credentials again and again.',
    registers,
  });
  const tunnels = new Tally<Dialect, EndReason>(registry, {
    name: 'marvel_gateway_tunnels_ended_total',
    help: 'Tunnels that have ended, by cause.',
    labels: ['dialect', 'end'],
  });
  const requests = new Tally<Dialect, EndReason>(registry, {
    name: 'marvel_gateway_requests_total',
    help: 'Absolute-form requests that were forwarded, by how they ended.',
    labels: ['dialect', 'end'],
  });
  const refusals = new Tally<Dialect, FailureCode>(registry, {
    name: 'marvel_gateway_refusals_total',
    help: 'Offers refused, by failure code.',
    labels: ['dialect', 'code'],
  });
  const abandoned = new Counter({
    name: 'marvel_gateway_abandoned_total',
    help: 'Clients that went away before they were answered.',
    labelNames: ['dialect'],
    registers,
  });
  const dialled = { success: 0, failure: 0 };
  const dials = new Counter({
    name: 'marvel_gateway_dials_total',
    help: 'Attempts to dial an exit, by outcome.',
    labelNames: ['outcome'],
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(dialled)) if (count > 0) this.inc({ outcome }, count);
    },
    registers: [],
  });
  registry.registerMetric(dials);
  const notes = new Counter({
    name: 'marvel_gateway_events_total',
    help: 'What happened between this gateway and the edge, by name.',
    labelNames: ['event'],
    registers,
  });
  const setup = new Durations({
    name: 'marvel_gateway_setup_duration_seconds',
    help: 'From a request to the answer that opens its tunnel.',
    bucketsS: setupBucketsS,
  });
  const requestDuration = new Durations({
    name: 'marvel_gateway_request_duration_seconds',
    help: 'From the way that stands to the end of the answer, for absolute-form requests.',
    bucketsS: setupBucketsS,
  });
  const duration = new Durations({
    name: 'marvel_gateway_tunnel_duration_seconds',
    help: 'From the answer that opens a tunnel to its end.',
    bucketsS: durationBucketsS,
  });

  function gauge(name: string, help: string, read: () => number): void {
    const metric = new Gauge({
      name,
      help,
      collect() {
        this.set(read());
      },
      registers: [],
    });
    registry.registerMetric(metric);
  }

  return {
    accepted: (listener) => {
      acceptedBy[listener] = (acceptedBy[listener] ?? 0) + 1;
    },
    tlsHandshakeFailed: () => {
      failedHandshakes.inc();
    },
    banned: () => {
      bans.inc();
    },
    tunnelOpened: (setupMs) => {
      setup.observe(setupMs);
    },
    tunnelEnded: (dialect, end, bytesUp, bytesDown, durationMs) => {
      ended.up += bytesUp;
      ended.down += bytesDown;
      tunnels.add(dialect, end);
      duration.observe(durationMs);
    },
    requestEnded: (dialect, end, bytesUp, bytesDown, durationMs) => {
      ended.up += bytesUp;
      ended.down += bytesDown;
      requests.add(dialect, end);
      requestDuration.observe(durationMs);
    },
    refused: (dialect, code) => {
      refusals.add(dialect, code);
    },
    abandoned: (dialect) => {
      abandoned.inc({ dialect });
    },
    dialled: (succeeded) => {
      dialled[succeeded ? 'success' : 'failure'] += 1;
    },
    noted: (event) => {
      notes.inc({ event });
    },
    contentType: registry.contentType,
    scrape: async () => (await registry.metrics()) + setup.text() + requestDuration.text() + duration.text(),
  };
}
