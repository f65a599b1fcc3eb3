import { useSignal } from '@preact/signals';
import type { Usage, UsageGroup, UsageRow } from '@marvel/sdk';
import { formatCount } from '../../format/bytes.ts';
import { countryName } from '../../format/country.ts';
import { dayMs, formatDate } from '../../format/time.ts';
import { marvel } from '../../session/api.ts';
import { useLoad } from '../../session/use-load.ts';
import { Bar } from '../../ui/bar.tsx';
import { Segmented } from '../../ui/field.tsx';
import { LoadView } from '../../ui/load-view.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { Bytes } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';
import { type Bucket, UsageChart } from './usage-chart.tsx';

const spans = [
  ['1', 'Day'],
  ['7', 'Week'],
  ['30', 'Month'],
  ['90', 'Quarter'],
] as const;

type Whose = Extract<UsageGroup, 'key' | 'country' | 'sub_user' | 'exit_grade'>;
const whoses: readonly (readonly [Whose | 'all', string])[] = [
  ['all', 'Total'],
  ['key', 'Key'],
  ['country', 'Country'],
  ['sub_user', 'Sub-user'],
  ['exit_grade', 'Grade'],
];

/** Days above this many are shown by day, fewer by hour. */
const maxHourlyDays = 2;

type Names = ReadonlyMap<string, string>;

const elseNames: Readonly<Record<Whose, string>> = {
  key: 'Sub-users and sources',
  sub_user: 'Keys and sources',
  country: 'No exit',
  exit_grade: 'No exit',
};

function nameOf(row: UsageRow, whose: Whose, names: Names): string {
  const value = row[whose];
  if (value === null || value === undefined) return elseNames[whose];
  if (whose === 'country') return countryName(value);
  return whose === 'exit_grade' ? `Grade ${value}` : (names.get(value) ?? value);
}

interface Sum {
  readonly name: string;
  readonly up: number;
  readonly down: number;
  readonly bytes: number;
  readonly connections: number;
}

/** Every row of a name as one, the largest first. */
function sumBy(rows: readonly UsageRow[], name: (row: UsageRow) => string): readonly Sum[] {
  const groups = Map.groupBy(rows, name);
  const sums = [...groups].map(([one, of]) => ({
    name: one,
    up: of.reduce((sum, row) => sum + row.bytes_up, 0),
    down: of.reduce((sum, row) => sum + row.bytes_down, 0),
    bytes: of.reduce((sum, row) => sum + row.bytes, 0),
    connections: of.reduce((sum, row) => sum + row.connections, 0),
  }));
  return sums.toSorted((a, b) => b.bytes - a.bytes);
}

function Breakdown({
  usage,
  title,
  name,
}: {
  readonly usage: Usage;
  readonly title: string;
  readonly name: (row: UsageRow) => string;
}) {
  return (
    <Table
      caption={`Used bytes by ${title.toLowerCase()}`}
      rows={sumBy(usage.data, name)}
      rowKey={(row) => row.name}
      columns={[
        { title, cell: (row) => row.name },
        { title: 'Share', cell: ({ bytes }) => <Bar share={usage.used_bytes === 0 ? 0 : bytes / usage.used_bytes} /> },
        { title: 'Used', right: true, cell: ({ bytes }) => <Bytes value={bytes} /> },
        { title: 'Up', right: true, cell: ({ up }) => <Bytes value={up} /> },
        { title: 'Down', right: true, cell: ({ down }) => <Bytes value={down} /> },
        { title: 'Connections', right: true, cell: ({ connections }) => formatCount(connections) },
      ]}
    />
  );
}

async function loadNames(signal: AbortSignal): Promise<Names> {
  const [keys, subUsers] = await Promise.all([marvel.keys.list({ signal }), marvel.subUsers.list({ signal })]);
  return new Map([
    ...keys.map(({ id, label, prefix }) => [id, label === '' ? prefix : label] as const),
    ...subUsers.data.map(({ id, username }) => [id, username] as const),
  ]);
}

/** Used bytes over time, by key, country, sub-user or grade. */
export function UsagePage() {
  const days = useSignal('30');
  const whose = useSignal<Whose | 'all'>('all');
  const bucket: Bucket = Number(days.value) <= maxHourlyDays ? 'hour' : 'day';
  const bucketMs = bucket === 'hour' ? 3_600_000 : dayMs;
  const report = useLoad(
    async (signal) => {
      const by = whose.value;
      const from = new Date(Math.floor(Date.now() / bucketMs) * bucketMs - Number(days.value) * dayMs + bucketMs);
      const [usage, names] = await Promise.all([
        marvel.usage.get({ from, group_by: by === 'all' ? bucket : [bucket, by] }, { signal }),
        loadNames(signal),
      ]);
      return { usage, bucket, by, nameOf: by === 'all' ? undefined : (row: UsageRow) => nameOf(row, by, names) };
    },
    [days.value, whose.value],
  );
  return (
    <Page title="Usage" lead="Every byte that a gateway billed, up and down, within seconds of its use.">
      <div class="cluster apart">
        <Segmented
          label="Period"
          name="period"
          value={days.value}
          onChange={(value) => (days.value = value)}
          options={spans}
        />
        <Segmented
          label="Told apart by"
          name="whose"
          value={whose.value}
          onChange={(value) => (whose.value = whoses.find(([one]) => one === value)?.[0] ?? 'all')}
          options={whoses}
        />
      </div>
      <LoadView of={report} lines={8}>
        {({ usage, bucket: shown, by, nameOf: name }) => (
          <>
            <Card
              title={`${formatDate(usage.period.from)} to ${formatDate(usage.period.to)}`}
              aside={
                <span>
                  <strong>
                    <Bytes value={usage.used_bytes} />
                  </strong>{' '}
                  <span class="soft">used</span>
                </span>
              }
            >
              <UsageChart usage={usage} bucket={shown} {...(name === undefined ? {} : { nameOf: name })} />
            </Card>
            {name !== undefined && usage.used_bytes > 0 && (
              <Card flush>
                <Breakdown usage={usage} title={whoses.find(([one]) => one === by)?.[1] ?? ''} name={name} />
              </Card>
            )}
          </>
        )}
      </LoadView>
    </Page>
  );
}
