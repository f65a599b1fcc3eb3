import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { Roster } from '@marvel/shared/roster';
import { importSigningKey, importVerificationKeys } from '@marvel/shared/signature';
import { AddressBans } from './admit/address-bans.ts';
import type { Load } from './admit/admit.ts';
import { DestinationRules } from './admit/destination-rules.ts';
import { ExitChooser } from './admit/exit-chooser.ts';
import { judgeAgain } from './admit/identify.ts';
import { KeyDigests } from './admit/key-digests.ts';
import { addressesOfHost, ownAddresses } from './admit/own-addresses.ts';
import type { Arrival } from './arrival.ts';
import { type GatewayConfig, listenHosts } from './config.ts';
import manifest from '../package.json' with { type: 'json' };
import { createEdgeClient } from './edge-client.ts';
import { createFeed } from './feed/feed.ts';
import type { FleetChange, FleetView } from './fleet-view.ts';
import { createLeaseClock } from './lease-clock.ts';
import { openAdminListener } from './observe/admin-listener.ts';
import type { EventLog } from './observe/event-log.ts';
import { createMetrics } from './observe/metrics.ts';
import { createObserver } from './observe/observer.ts';
import { type DoorAddresses, type Doors, openDoors } from './open-doors.ts';
import { newRequestId } from './request-id.ts';
import { Connection, type ConnectionParts } from './serve-connection.ts';
import { openSockets } from './sockets/open-sockets.ts';
import type { UsageMeter } from './spender.ts';
import { cutEnded } from './tunnel/cut-ended.ts';
import { createExitTrust } from './tunnel/exit-trust.ts';
import { Shedding } from './tunnel/shedding.ts';
import { openStandInExit } from './tunnel/stand-in-exit.ts';
import { TunnelTable } from './tunnel/tunnel-table.ts';
import { createUsage } from './usage/usage.ts';

/** What a gateway needs of the edge: the state that the feed keeps, and the meter that usage keeps. */
export interface EdgeSide {
  readonly fleet: FleetView;
  readonly meter: UsageMeter;
  readonly feedAgeMs: () => number;
  readonly usageLoad: () => { readonly pendingBatches: number; readonly unsealedBytes: number };
  readonly noteChange: (change: FleetChange) => void;
  /** Begins to read and to post; resolves once the state is complete. */
  readonly start: () => Promise<void>;
  /** After the last tunnel has ended: posts everything, in `withinMs` at most. */
  readonly close: (withinMs: number) => Promise<void>;
}

/** A running gateway. */
export interface Gateway {
  /** Where each listener is, `host:port`. */
  readonly addresses: DoorAddresses & { readonly admin: string };
  /** Resolves once the gateway knows enough to serve; until then it answers 503. */
  readonly ready: Promise<void>;
  /**
   * Stops accepting and lets tunnels end; cuts those that are left when the time for it is over, or when `hurry` fires;
   * then posts every batch.
   */
  close(hurry?: AbortSignal): Promise<void>;
}

/** Connections beside the tunnels, as a part of them: those that are being asked for something, or refused. */
const besideTunnels = 1 / 4;
const minBesideTunnels = 64;
/** How often tunnels are looked at for what has timed out, ms. */
const sweepMs = 1000;
/** How long the last batches may take once every tunnel has ended, ms. */
const finalPostMs = 10_000;
/** What happens every second and tells nothing. */
const quietEvents: ReadonlySet<string> = new Set(['feed_page', 'usage_posted', 'state_saved']);
/** What someone has to look at. */
const loudEvents: ReadonlySet<string> = new Set([
  'usage_parked',
  'usage_lost',
  'usage_unsent',
  'outbox_fault',
  'outbox_damaged',
  'outbox_full',
  'state_not_saved',
  'state_not_loaded',
  'feed_page_refused',
  'feed_records_skipped',
]);

/**
 * Starts a gateway: its listeners, and what `connect` gives it of the edge. Errors: rejects when an address cannot be bound
 * or a key cannot be read.
 */
export async function startGateway(
  config: GatewayConfig,
  log: EventLog,
  connect: typeof connectEdge = connectEdge,
  ofHost: typeof addressesOfHost = addressesOfHost,
): Promise<Gateway> {
  const tunnels = new TunnelTable();
  const arrivals = new Roster<Arrival>();
  const waiting = new Roster<Connection>();
  let isDraining = false;
  const opened: Doors[] = [];
  const metrics = createMetrics({
    tunnels: () => tunnels.count,
    connections: () => arrivals.size,
    liveBytes: () => tunnels.bytes(),
    feedAgeMs: () => edge.feedAgeMs(),
    pendingBatches: () => edge.usageLoad().pendingBatches,
    unsealedBytes: () => edge.usageLoad().unsealedBytes,
    bannedAddresses: () => bans.count,
    tlsExpiresAtMs: config.MARVEL_TLS_CERT === undefined ? undefined : () => opened[0]?.tlsExpiresAtMs() ?? 0,
  });
  const exitTrust = createExitTrust(config.MARVEL_EXIT_CA && (await readFile(config.MARVEL_EXIT_CA, 'latin1')));
  const sockets = await openSockets(config.MARVEL_SOCKETS, exitTrust);
  log.note('info', 'sockets', { kind: sockets.kind, fault: sockets.fault });
  const edge = await connect(config, log, metrics.noted);
  const { fleet, meter } = edge;

  const maxTunnels = config.MARVEL_MAX_TUNNELS;
  const maxConnections = maxTunnels + Math.max(minBesideTunnels, Math.ceil(maxTunnels * besideTunnels));
  const load: Load = {
    isDraining: () => isDraining,
    isFull: () => tunnels.count >= maxTunnels,
    tunnelsOf: (credential) => tunnels.tunnelsOf(credential) + fleet.tunnelsElsewhere(credential),
    tunnelsOfAccount: (account) => tunnels.tunnelsOfAccount(account) + fleet.tunnelsElsewhere(account),
  };
  const chooser = new ExitChooser(fleet, Math.random, (pin) => {
    meter.recordPin(pin);
  });
  const bans = new AddressBans(
    {
      refusals: config.MARVEL_BAN_REFUSALS,
      windowMs: config.MARVEL_BAN_WINDOW_MS,
      banMs: config.MARVEL_BAN_MS,
    },
    () => performance.now(),
  );
  const digests = new KeyDigests(config.MARVEL_CREDENTIAL_PEPPER);
  const parts: ConnectionParts = {
    world: {
      fleet,
      digests,
      rules: new DestinationRules(await ownAddresses(listenHosts(config), ofHost)),
      bans,
      load,
      standing: (budgets) => meter.standing(budgets),
    },
    chooser,
    meter,
    tunnels,
    waiting,
    observer: createObserver(log, metrics),
    standIn: await openStandInExit(maxTunnels),
    sockets,
    times: {
      headTimeoutMs: config.MARVEL_HEAD_TIMEOUT_MS,
      nextRequestTimeoutMs: config.MARVEL_NEXT_REQUEST_TIMEOUT_MS,
      dialTimeoutMs: config.MARVEL_DIAL_TIMEOUT_MS,
      lingerTimeoutMs: config.MARVEL_LINGER_TIMEOUT_MS,
    },
  };
  const shedding = new Shedding(parts.times.lingerTimeoutMs);

  const admin = await openAdminListener(config.MARVEL_LISTEN_ADMIN, {
    notReady: () => {
      if (!fleet.isReady) return 'feed incomplete';
      if (fleet.isStale()) return 'feed stale';
      return isDraining ? 'draining' : undefined;
    },
    contentType: metrics.contentType,
    metrics: metrics.scrape,
  });
  const stopListening = fleet.onChange((change) => {
    edge.noteChange(change);
    chooser.apply(change);
    const nowMs = Date.now();
    cutEnded(tunnels, change, (owner) => judgeAgain(owner, fleet, nowMs));
  });
  const ready = edge.start();
  // Where others serve at the same address, who comes too early is better served by them than told to wait.
  if (config.MARVEL_REUSE_PORT === 'on') await ready;
  const doors = await openDoors(
    config,
    sockets,
    {
      makesRoom(arrival) {
        if (arrivals.size >= maxConnections) return false;
        const seat = arrivals.add(arrival);
        arrival.onGone = () => {
          arrivals.remove(seat);
        };
        return true;
      },
      serve(door, leg) {
        new Connection(leg, door, parts).begin();
      },
      turnAway(door, leg) {
        metrics.refused(door.dialect, 'overloaded');
        shedding.turnAway(leg, door.open().answers.refused({ code: 'overloaded' }, newRequestId(), false).bytes);
      },
    },
    metrics,
    log,
  );
  opened.push(doors);
  const tunnelTimes = {
    keepAliveMs: config.MARVEL_KEEP_ALIVE_MS,
    idleTimeoutMs: config.MARVEL_IDLE_TIMEOUT_MS,
    halfCloseTimeoutMs: config.MARVEL_HALF_CLOSE_TIMEOUT_MS,
  };
  const sweeper = setInterval(
    () => {
      tunnels.sweep(tunnelTimes);
      chooser.sweep(Date.now());
      bans.sweep();
      sockets.tidy();
    },
    Math.min(sweepMs, tunnelTimes.idleTimeoutMs, tunnelTimes.halfCloseTimeoutMs),
  );

  return {
    addresses: { ...doors.addresses, admin: admin.address },
    ready,
    async close(hurry = new AbortController().signal) {
      isDraining = true;
      log.note('info', 'draining', { tunnels: tunnels.count });
      doors.close();
      for (const connection of waiting.items()) connection.closeIfIdle();
      const empty = new AbortController();
      const signal = AbortSignal.any([hurry, empty.signal]);
      const timeout = wait(config.MARVEL_DRAIN_TIMEOUT_MS, undefined, { signal }).catch(() => undefined);
      await Promise.race([tunnels.whenEmpty(), timeout]);
      empty.abort();
      tunnels.cut('shutdown', () => true);
      for (const arrival of arrivals.items()) arrival.destroy();
      clearInterval(sweeper);
      stopListening();
      await edge.close(finalPostMs);
      parts.standIn.close();
      await admin.close();
      log.note('info', 'stopped', {});
      await log.flush();
    },
  };
}

/** Makes the edge side of a gateway: feed and usage, over one HTTP client. */
export async function connectEdge(
  config: GatewayConfig,
  log: EventLog,
  noted: (event: string) => void,
): Promise<EdgeSide> {
  const now = createLeaseClock();
  const keys = await importVerificationKeys(config.MARVEL_EDGE_KEYS);
  const signer = await importSigningKey({ ...config.MARVEL_GATEWAY_SIGNING_KEY, kid: config.MARVEL_GATEWAY_ID });
  const edge = createEdgeClient({
    url: config.MARVEL_EDGE_URL,
    token: config.MARVEL_GATEWAY_TOKEN,
    keyNames: [...keys.keys()],
    version: config.MARVEL_VERSION ?? manifest.version,
  });
  const report = ({ kind, ...details }: { readonly kind: string }): void => {
    noted(kind);
    const level = loudEvents.has(kind) ? 'warn' : 'info';
    log.note(quietEvents.has(kind) ? 'debug' : level, kind, details);
  };
  const directory = config.MARVEL_STATE_DIR;
  const feed = createFeed({
    edge,
    fleet: config.MARVEL_FLEET,
    keys,
    now,
    report,
    maxStaleMs: config.MARVEL_MAX_STALE_MS,
    ...(directory === undefined ? {} : { storage: { directory, secret: config.MARVEL_GATEWAY_TOKEN } }),
  });
  const usage = await createUsage({
    edge,
    gateway: config.MARVEL_GATEWAY_ID,
    signer,
    keys,
    now,
    report,
    balanceBytes: (budget) => feed.view.balanceBytes(budget),
    ...(directory === undefined ? {} : { directory }),
  });
  return {
    fleet: feed.view,
    meter: usage.meter,
    feedAgeMs: () => feed.ageMs(),
    usageLoad: () => usage.load(),
    noteChange: (change) => {
      usage.noteChange(change);
    },
    async start() {
      usage.start();
      await feed.start();
      await feed.whenReady();
    },
    async close(withinMs) {
      await feed.close();
      await usage.close(withinMs);
      await edge.close();
    },
  };
}
