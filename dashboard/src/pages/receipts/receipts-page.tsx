import type { ReceiptPage } from '@marvel/sdk';
import { formatPlural } from '../../format/bytes.ts';
import { formatMoment } from '../../format/time.ts';
import { marvel } from '../../session/api.ts';
import { useLoad } from '../../session/use-load.ts';
import { CsvButton } from '../../ui/csv-button.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { More, useMore } from '../../ui/more.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { Bytes } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';
import { VerifyCard } from './verify-card.tsx';

const pageRows = 20;
const csvPageRows = 100;

function Receipts({ first }: { readonly first: ReceiptPage }) {
  const more = useMore(first, async (cursor) => marvel.receipts.list({ limit: pageRows, cursor }));
  return (
    <>
      <Table
        caption="Receipts, the newest first"
        rows={more.rows}
        rowKey={({ id }) => String(id)}
        columns={[
          { title: 'When', cell: ({ at }) => <span class="nowrap">{formatMoment(at)}</span> },
          {
            title: 'Gateway',
            cell: ({ head }) => (
              <>
                <span class="mono">{head.gateway}</span>
                <span class="sub">batch {head.seq}</span>
              </>
            ),
          },
          { title: 'Through', cell: ({ lines }) => formatPlural(lines.length, 'exit') },
          {
            title: 'Root that was signed',
            cell: ({ head, signature }) => (
              <span class="mono small" title={`signature ${signature}`}>
                {head.root.slice(0, 16)}…
              </span>
            ),
          },
          { title: 'Billed', right: true, cell: ({ bytes }) => <Bytes value={bytes} /> },
        ]}
      />
      <More of={more} />
    </>
  );
}

/** What the gateways signed of the account's use. */
export function ReceiptsPage() {
  const receipts = useLoad(async (signal) => marvel.receipts.list({ limit: pageRows }, { signal }));
  return (
    <Page
      title="Receipts"
      lead="Each batch of usage is signed by the gateway that carried it, so that the bill can be checked without trusting us."
      actions={
        <CsvButton name="receipts" read={async (cursor) => marvel.receipts.csv({ limit: csvPageRows, cursor })} />
      }
    >
      <VerifyCard />
      <Card flush>
        <LoadView of={receipts} lines={6}>
          {(first) =>
            first.data.length === 0 ? (
              <Empty title="No receipts yet">The first one comes seconds after the first byte.</Empty>
            ) : (
              <Receipts first={first} />
            )
          }
        </LoadView>
      </Card>
    </Page>
  );
}
