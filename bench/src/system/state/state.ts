import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { openScriptedEdge } from '../../edge/scripted-edge.ts';
import { startNative } from '../../native-process.ts';
import type { Site } from '../../site.ts';
import type { Figures } from '../figures.ts';
import { fleetRecords, keyRecord } from './state-records.ts';
import type { SystemMeasure } from '../system-measure.ts';

const program = join(import.meta.dirname, 'state-process.ts');
const feedSource = join(import.meta.dirname, '../../../../gateway/src/feed/feed.ts');

const sizes = [1000, 10_000, 100_000, 1_000_000];
/** With less, a look at whether it runs. */
const quickSizes = [1000, 10_000];
const changesPerSample = 10;
const recordsPerChange = 1000;
const stepLimitMs = 180_000;

const Loaded = v.object({
  event: v.literal('loaded'),
  seconds: v.number(),
  cpu_seconds: v.number(),
  grown_kb: v.number(),
});
const LookedUp = v.object({ event: v.literal('looked_up'), us: v.number() });
const Changed = v.object({ event: v.literal('changed'), ms: v.array(v.number()), longest_pause_ms: v.number() });

/** How a gateway carries a fleet: the feed from its sources, over HTTP, signed pages verified, state kept on disk. */
export const state: SystemMeasure = {
  group: 'state',
  what: 'the feed of a whole fleet: reading it, holding it, looking keys up, taking changes',
  async run(figures, site, extent, signal, say) {
    if (!existsSync(feedSource)) throw new Error(`${feedSource} is not there`);
    for (const keys of extent.isLook ? quickSizes : sizes) {
      for (let round = 0; round < extent.rounds && !signal.aborted; round += 1) {
        await sample(site, keys, figures);
        say(`  state: ${keys} keys, round ${round + 1} of ${extent.rounds}`);
      }
    }
  },
};

async function sample(site: Site, keys: number, figures: Figures): Promise<void> {
  await using edge = await openScriptedEdge(fleetRecords(keys));
  await using child = await startNative(site.cores.proxy, [process.execPath, program], {
    url: edge.url,
    key: JSON.stringify(edge.publicKey),
    fleet: edge.fleet,
    folder: await mkdtemp(join(site.folder, 'state-')),
    keys: `${keys}`,
    changes: `${changesPerSample}`,
  });
  const name = `state, ${keys.toLocaleString('en-US')} keys`;
  const loaded = await child.next(Loaded, stepLimitMs);
  figures.add(`${name}: load`, 's', loaded.seconds);
  figures.add(`${name}: CPU of the load`, 'CPU-s', loaded.cpu_seconds);
  figures.add(`${name}: resident memory above empty`, 'MB', loaded.grown_kb / 1000);
  const lookedUp = await child.next(LookedUp, stepLimitMs);
  figures.add(`${name}: look-up`, 'us', lookedUp.us);
  for (let change = 1; change <= changesPerSample; change += 1) {
    const first = ((change - 1) * recordsPerChange) % keys;
    edge.publish(Array.from({ length: recordsPerChange }, (_, index) => keyRecord(first + index, change)));
  }
  const changed = await child.next(Changed, stepLimitMs);
  figures.add(`${name}: 1,000 changed records`, 'ms', ...changed.ms.slice(0, changesPerSample));
  figures.add(`${name}: longest pause while serving`, 'ms', changed.longest_pause_ms);
}
