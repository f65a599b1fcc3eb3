import type { CountryAvailability } from '@marvel/sdk';
import { formatCount, formatPlural } from '../../format/bytes.ts';
import { countryName } from '../../format/country.ts';
import { marvel } from '../../session/api.ts';
import { useLoad } from '../../session/use-load.ts';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { GradeBadge, Moment } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';
import { WorldMap } from '../../map/world-map.tsx';

const gradeNames = ['S', 'A', 'B'] as const;

/** How many exits of each grade, as a bar of three parts. */
function Split({ grades, exits }: CountryAvailability) {
  let before = 0;
  return (
    <span class="split" aria-hidden="true">
      <svg viewBox="0 0 100 1" preserveAspectRatio="none">
        {gradeNames.map((grade) => {
          const width = exits === 0 ? 0 : (grades[grade] / exits) * 100;
          const x = before;
          before += width;
          return <rect key={grade} x={x} width={width} height="1" class={grade.toLowerCase()} />;
        })}
      </svg>
    </span>
  );
}

function successText(share: number | null): string {
  return share === null ? '–' : `${(share * 100).toFixed(1)} %`;
}

/** What a dial finds at this moment, on a map and in a table. */
export function AvailabilityPage() {
  const found = useLoad(async (signal) => marvel.availability.list({ signal }));
  return (
    <Page
      title="Availability"
      lead="The live exits of the Reserve. A dial is answered from the same records, so what you see is what you get."
    >
      <LoadView of={found} lines={8}>
        {({ countries, observed_at }) =>
          countries.length === 0 ? (
            <Card>
              <Empty title="No live exit">
                Gateways answer 503 until the operator adds exits, or those that there are pass their tests again.
              </Empty>
            </Card>
          ) : (
            <>
              <Card
                title={`${formatPlural(
                  countries.reduce((sum, { exits }) => sum + exits, 0),
                  'exit',
                )} in ${formatPlural(countries.length, 'country', 'countries')}`}
                aside={
                  <span class="soft small">
                    observed <Moment at={observed_at} />
                  </span>
                }
              >
                <WorldMap countries={countries} />
                <ul class="legend-list">
                  {gradeNames.map((grade) => (
                    <li key={grade}>
                      <span class={`swatch ${grade.toLowerCase()}`} />
                      mostly grade {grade}
                    </li>
                  ))}
                </ul>
              </Card>
              <Card flush>
                <Table
                  caption="Availability by country"
                  rows={countries}
                  rowKey={({ country }) => country}
                  columns={[
                    {
                      title: 'Country',
                      cell: ({ country }) => (
                        <>
                          {countryName(country)} <span class="soft">{country}</span>
                        </>
                      ),
                    },
                    { title: 'Mostly', cell: (row) => <GradeBadge grade={row.dominant_grade} /> },
                    { title: 'Grades', cell: (row) => <Split {...row} /> },
                    ...gradeNames.map((grade) => ({
                      title: grade,
                      right: true,
                      cell: ({ grades }: CountryAvailability) => formatCount(grades[grade]),
                    })),
                    { title: 'Exits', right: true, cell: ({ exits }) => formatCount(exits) },
                    { title: 'Mean purity', right: true, cell: ({ mean_purity }) => mean_purity.toFixed(1) },
                    { title: 'Dials that succeed', right: true, cell: (row) => successText(row.dial_success) },
                  ]}
                />
              </Card>
            </>
          )
        }
      </LoadView>
    </Page>
  );
}
