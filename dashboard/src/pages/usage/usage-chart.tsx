import type { Usage, UsageRow } from '@marvel/sdk';
import { useMemo } from 'preact/hooks';
import { bucketsOf, toBars } from '../../chart/series.ts';
import { Legend, StackedBars } from '../../chart/stacked-bars.tsx';
import { formatBytes } from '../../format/bytes.ts';
import { dayMs, formatDay, formatMoment } from '../../format/time.ts';
import { Empty } from '../../ui/load-view.tsx';
import { Bytes } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';

export type Bucket = 'hour' | 'day';

const bucketMs = { hour: 3_600_000, day: dayMs } as const;

interface UsageChartProps {
  readonly usage: Usage;
  readonly bucket: Bucket;
  /** Whose a row is; without it everything is one series. */
  readonly nameOf?: (row: UsageRow) => string;
}

const hourFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });

function formatTime(atMs: number, bucket: Bucket): string {
  if (bucket === 'day') return formatDay(atMs);
  return atMs % dayMs === 0 ? formatDay(atMs) : hourFormat.format(atMs);
}

/** Used bytes over time, as bars and as a table. */
export function UsageChart({ usage, bucket, nameOf = () => 'Used' }: UsageChartProps) {
  const bars = useMemo(() => {
    const times = bucketsOf(Date.parse(usage.period.from), Date.parse(usage.period.to), bucketMs[bucket]);
    const points = usage.data.map((row) => ({
      atMs: Date.parse(row[bucket] ?? ''),
      name: nameOf(row),
      value: row.bytes,
    }));
    return toBars(points, times, bucketMs[bucket]);
  }, [usage, bucket, nameOf]);
  if (usage.used_bytes === 0) {
    return (
      <Empty title="No traffic in this period" action={<a href="/connect">Send a request</a>}>
        Bytes appear here within seconds of their use.
      </Empty>
    );
  }
  const rows = bars.times
    .map((at, index) => ({ at, values: bars.series.map(({ values }) => values[index] ?? 0) }))
    .filter(({ values }) => values.some((value) => value > 0))
    .toReversed();
  return (
    <div class="stack">
      <StackedBars
        bars={bars}
        formatValue={formatBytes}
        formatTime={(at) => formatTime(at, bucket)}
        summary={`Bars of used bytes by ${bucket}: ${formatBytes(usage.used_bytes)} in all. The table below holds the numbers.`}
      />
      {bars.series.length > 1 && <Legend bars={bars} />}
      <details>
        <summary>Show as a table</summary>
        <Table
          caption={`Used bytes by ${bucket}`}
          rows={rows}
          rowKey={({ at }) => String(at)}
          columns={[
            {
              title: bucket === 'day' ? 'Day' : 'Hour',
              cell: ({ at }) => (bucket === 'day' ? formatDay(at) : formatMoment(at)),
            },
            ...bars.series.map(({ name }, index) => ({
              title: name,
              right: true,
              cell: ({ values }: { readonly values: readonly number[] }) => <Bytes value={values[index] ?? 0} />,
            })),
          ]}
        />
      </details>
    </div>
  );
}
