import { useSignal } from '@preact/signals';
import type { LedgerEntry, LedgerPage as EntryPage } from '@marvel/sdk';
import { formatBytes } from '../../format/bytes.ts';
import { formatMoment } from '../../format/time.ts';
import { marvel } from '../../session/api.ts';
import { useLoad } from '../../session/use-load.ts';
import { CsvButton } from '../../ui/csv-button.tsx';
import { SelectField } from '../../ui/field.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { More, useMore } from '../../ui/more.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { Bytes } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';

const pageRows = 50;
const csvPageRows = 10_000;

const causeTexts: Readonly<Record<LedgerEntry['cause'], string>> = {
  payment: 'Payment',
  batch: 'Usage',
  adjustment: 'Adjustment',
  refund: 'Refund',
  expiry: 'Expiry',
};
const causes = ['payment', 'batch', 'adjustment', 'refund', 'expiry'] as const;

interface Asked {
  readonly cause?: LedgerEntry['cause'];
}

function Entries({ first, asked }: { readonly first: EntryPage; readonly asked: Asked }) {
  const more = useMore(first, async (cursor) => marvel.ledger.list({ ...asked, limit: pageRows, cursor }));
  return (
    <>
      <Table
        caption="Ledger entries, the newest first"
        rows={more.rows}
        rowKey={({ id }) => String(id)}
        columns={[
          { title: 'When', cell: ({ at }) => <span class="nowrap">{formatMoment(at)}</span> },
          { title: 'Cause', cell: ({ cause }) => causeTexts[cause] },
          {
            title: 'Reference',
            cell: ({ reference, note }) => (
              <span class="prose">
                {note !== null && <span>{note}</span>}
                <span class={note === null ? 'mono small wrap-any' : 'sub mono wrap-any'}>{reference}</span>
              </span>
            ),
          },
          {
            title: 'Bytes',
            right: true,
            cell: ({ bytes }) => (
              <span title={`${bytes} bytes`} class={bytes > 0 ? 'gain' : undefined}>
                {bytes > 0 ? '+' : ''}
                {formatBytes(bytes)}
              </span>
            ),
          },
          { title: 'Balance', right: true, cell: ({ balance_bytes }) => <Bytes value={balance_bytes} /> },
        ]}
      />
      <More of={more} />
    </>
  );
}

/** Every movement of bytes, and the balance after it. */
export function LedgerPage() {
  const cause = useSignal('');
  const chosen = causes.find((one) => one === cause.value);
  const asked: Asked = chosen === undefined ? {} : { cause: chosen };
  const entries = useLoad(
    async (signal) => marvel.ledger.list({ ...asked, limit: pageRows }, { signal }),
    [cause.value],
  );
  return (
    <Page
      title="Ledger"
      lead="Append-only. Your balance is the sum of these entries, to the byte."
      actions={
        <CsvButton name="ledger" read={async (cursor) => marvel.ledger.csv({ ...asked, limit: csvPageRows, cursor })} />
      }
    >
      <div class="cluster">
        <SelectField
          label="Cause"
          name="cause"
          value={cause.value}
          onChange={(value) => (cause.value = value)}
          options={[['', 'Everything'], ...causes.map((one) => [one, causeTexts[one]] as const)]}
        />
      </div>
      <Card flush>
        <LoadView of={entries} lines={6}>
          {(first) =>
            first.data.length === 0 ? (
              <Empty title="No entries" action={<a href="/billing">Buy a bundle</a>}>
                Payments, usage and adjustments are entered here.
              </Empty>
            ) : (
              <Entries first={first} asked={asked} />
            )
          }
        </LoadView>
      </Card>
    </Page>
  );
}
