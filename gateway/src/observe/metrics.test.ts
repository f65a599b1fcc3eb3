import { expect, test } from 'vitest';
import { createMetrics, type Metrics } from './metrics.ts';

const sources = {
  tunnels: () => 1,
  connections: () => 2,
  liveBytes: () => ({ up: 3, down: 4 }),
  feedAgeMs: () => 1500,
  pendingBatches: () => 5,
  unsealedBytes: () => 6,
  bannedAddresses: () => 7,
  tlsExpiresAtMs: () => 8000,
};

/** What a scrape gives, with everything that can be counted counted once. */
async function scrapeAll(): Promise<string> {
  const metrics = createMetrics(sources);
  metrics.accepted('marvel');
  metrics.tlsHandshakeFailed();
  metrics.banned();
  metrics.tunnelOpened(12);
  metrics.tunnelEnded('marvel', 'completed', 10, 20, 70_000);
  metrics.requestEnded('marvel', 'completed', 1, 2, 30);
  metrics.refused('marvel', 'unauthenticated');
  metrics.abandoned('socks5');
  metrics.dialled(true);
  metrics.noted('feed_page_refused');
  return metrics.scrape();
}

/** The samples of a histogram by what follows its name, in their order. */
async function samplesOf(name: string, metrics: Metrics): Promise<[string, number][]> {
  const lines = (await metrics.scrape()).split('\n').filter((line) => line.startsWith(`${name}_`));
  return lines.map((line) => [line.slice(name.length, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]);
}

test('durations are told as a cumulative histogram: in each bucket all that took as long or less, in the last one all', async () => {
  const metrics = createMetrics(sources);
  // A bound belongs to the bucket below it.
  for (const durationMs of [0, 50, 100, 100.5, 5000, 60_000, 50_000_000]) {
    metrics.tunnelEnded('marvel', 'completed', 0, 0, durationMs);
  }
  expect(await samplesOf('marvel_gateway_tunnel_duration_seconds', metrics)).toEqual([
    ['_bucket{le="0.1"}', 3],
    ['_bucket{le="1"}', 4],
    ['_bucket{le="10"}', 5],
    ['_bucket{le="60"}', 6],
    ['_bucket{le="600"}', 6],
    ['_bucket{le="3600"}', 6],
    ['_bucket{le="36000"}', 6],
    ['_bucket{le="+Inf"}', 7],
    ['_sum', 50_065.2505],
    ['_count', 7],
  ]);
});

test('each of the durations has a histogram of its own, which is there before anything was observed', async () => {
  const metrics = createMetrics(sources);
  const names = ['setup', 'request', 'tunnel'].map((what) => `marvel_gateway_${what}_duration_seconds`);
  const counts = async () =>
    Promise.all(names.map(async (name) => new Map(await samplesOf(name, metrics)).get('_count')));
  expect(await counts()).toEqual([0, 0, 0]);
  metrics.tunnelOpened(1);
  expect(await counts()).toEqual([1, 0, 0]);
  metrics.requestEnded('marvel', 'completed', 0, 0, 1);
  expect(await counts()).toEqual([1, 1, 0]);
  metrics.tunnelEnded('marvel', 'completed', 0, 0, 1);
  expect(await counts()).toEqual([1, 1, 1]);
});

/** A family of the text format: what stands before its samples, and those. */
interface Family {
  readonly name: string;
  readonly type: string;
  readonly samples: string[];
}

const samplePattern =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([a-zA-Z_][a-zA-Z0-9_]*="[^"\\\n]*",?)*\})? (?:[0-9.e+-]+|Na[Nn]|[+-]Inf)$/;

/** Reads the text format; what is out of its order fails. Source: Prometheus text format 0.0.4. */
function familiesOf(text: string): Family[] {
  expect(text.endsWith('\n')).toBe(true);
  const families: Family[] = [];
  const odd: string[] = [];
  let helped = '';
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, help = ''] = /^# HELP (\S+) \S/.exec(line) ?? [];
    const [, name = '', type = ''] = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line) ?? [];
    const family = families.at(-1);
    if (help !== '') helped = help;
    else if (name !== '' && name === helped) families.push({ name, type, samples: [] });
    else if (family !== undefined && family.name === helped && samplePattern.test(line)) {
      family.samples.push(line.replace(/[{ ].*/, ''));
    } else odd.push(line);
  }
  expect(odd).toEqual([]);
  return families;
}

test('the exposition names each family once, with HELP and TYPE before its samples, and has no sample of another among them', async () => {
  const families = familiesOf(await scrapeAll());
  const names = families.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, type, samples } of families) {
    const parts = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    expect(parts.map((part) => name + part)).toEqual(expect.arrayContaining(samples));
  }
});

test('names end as Prometheus would have them: counters in _total, everything measured in its base unit', async () => {
  const ours = familiesOf(await scrapeAll()).filter(({ name }) => name.startsWith('marvel_gateway_'));
  expect(ours.length).toBeGreaterThan(15);
  for (const { name, type, samples } of ours) {
    expect(samples).not.toEqual([]);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(type === 'histogram' ? name : 'in_seconds').toMatch(/_seconds$/);
    expect(name).not.toMatch(/_(ms|milliseconds|minutes|hours|kilobytes|kb|mb)(_|$)/);
  }
  const text = await scrapeAll();
  // Milliseconds inside, seconds outside.
  expect(text).toContain('\nmarvel_gateway_feed_age_seconds 1.5\n');
  expect(text).toContain('\nmarvel_gateway_tls_certificate_expiry_timestamp_seconds 8\n');
  expect(text).toContain('\nmarvel_gateway_relayed_bytes_total{direction="up"} 14\n');
});
