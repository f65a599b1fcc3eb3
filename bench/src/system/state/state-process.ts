// The gateway's feed in a process of its own, from its sources: reads a whole fleet, looks keys up, takes changes. Says one
// JSON line for each, ends with its stdin. Options as `--name value`: url, key (of the edge), fleet, folder, keys, changes.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { importVerificationKeys } from '@marvel/shared/signature';
import * as v from 'valibot';
import { createEdgeClient } from '../../../../gateway/src/edge-client.ts';
import { createFeed } from '../../../../gateway/src/feed/feed.ts';
import type { FeedEvent } from '../../../../gateway/src/feed/feed-event.ts';
import { keyDigest } from './state-records.ts';

const lookUps = 200_000;
/** Every so many look-ups are of keys that are not there. */
const absentEvery = 10;
const recordsPerChange = 1000;
const saveLimitMs = 60_000;
const pollMs = 50;
/** The finest that the event loop's delay can be sampled. */
const delayResolutionMs = 1;

const options = parseArgs({
  options: {
    url: { type: 'string', default: '' },
    key: { type: 'string', default: '' },
    fleet: { type: 'string', default: '' },
    folder: { type: 'string', default: '' },
    keys: { type: 'string', default: '' },
    changes: { type: 'string', default: '' },
  },
}).values;
const keyCount = Number(options.keys);
const changeCount = Number(options.changes);

process.stdin.on('end', () => process.exit(0)).resume();

const changeMs: number[] = [];
const saved = Promise.withResolvers<void>();
function report(event: FeedEvent): void {
  if (event.kind === 'state_saved' || event.kind === 'state_not_saved') saved.resolve();
  if (event.kind === 'feed_page' && event.records === recordsPerChange) changeMs.push(event.applyMs);
  if (event.kind === 'feed_page_refused' || event.kind === 'state_not_saved') console.error(JSON.stringify(event));
}

function say(line: object): void {
  console.log(JSON.stringify(line));
}

function residentKb(): number {
  return process.memoryUsage.rss() / 1024;
}

const edge = createEdgeClient({ url: options.url, token: 'gw_bench' });
const jwk = v.parse(v.looseObject({ kty: v.string() }), JSON.parse(options.key));
const feed = createFeed({
  edge,
  fleet: options.fleet,
  keys: await importVerificationKeys([jwk]),
  now: () => performance.now(),
  storage: { directory: options.folder, secret: 'bench' },
  report,
});

const emptyKb = residentKb();
const startedMs = performance.now();
const startedCpu = process.cpuUsage();
await feed.start();
await feed.whenReady();
const loadSeconds = (performance.now() - startedMs) / 1000;
const { user, system } = process.cpuUsage(startedCpu);
changeMs.length = 0;

const pauseSavingMs = await longestPause(async () => {
  await Promise.race([saved.promise, pause(saveLimitMs, undefined, { ref: false })]);
});
say({
  event: 'loaded',
  seconds: loadSeconds,
  cpu_seconds: (user + system) / 1e6,
  grown_kb: residentKb() - emptyKb,
});

const digests = Array.from({ length: lookUps }, (_, index) =>
  keyDigest(index % absentEvery === 0 ? -1 - index : Math.floor(Math.random() * keyCount)),
);
const lookedUpMs = performance.now();
let found = 0;
for (const digest of digests) if (feed.view.keyByDigest(digest) !== undefined) found += 1;
const lookUpUs = ((performance.now() - lookedUpMs) * 1000) / lookUps;
if (found !== lookUps - Math.ceil(lookUps / absentEvery)) throw new Error(`${found} keys found`);
say({ event: 'looked_up', us: lookUpUs });

const pauseChangingMs = await longestPause(async () => {
  while (changeMs.length < changeCount) await pause(pollMs);
});
say({ event: 'changed', ms: changeMs, longest_pause_ms: Math.max(pauseSavingMs, pauseChangingMs) });

/** How long, at most, the event loop was kept from other work while something went on beside it. */
async function longestPause(goOn: () => Promise<void>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: delayResolutionMs });
  // What ran until now is not to count: a new monitor, and its first turn, start from here.
  await pause(pollMs);
  delay.enable();
  await goOn();
  delay.disable();
  return Math.max(0, delay.max / 1e6 - delayResolutionMs);
}
