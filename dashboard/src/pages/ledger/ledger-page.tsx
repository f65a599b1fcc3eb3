import { useSignal } from '@preact/signals';
import type { LedgerEntry, LedgerPage as EntryPage } from '@marvel/sdk';
import { marvel } from '../../session/api.ts';
import { useLoad } from '../../session/use-load.ts';
import { CsvButton } from '../../ui/csv-button.tsx';
import { SelectField } from '../../ui/field.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { More, useMore } from '../../ui/more.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { causeTexts, EntryTable } from './entry-table.tsx';

const pageRows = 50;
const csvPageRows = 10_000;

const causes = ['payment', 'batch', 'adjustment', 'refund', 'expiry'] as const;

interface Asked {
  readonly cause?: LedgerEntry['cause'];
}

function Entries({ first, asked }: { readonly first: EntryPage; readonly asked: Asked }) {
  const more = useMore(first, async (cursor) => marvel.ledger.list({ ...asked, limit: pageRows, cursor }));
  return (
    <>
      <EntryTable entries={more.rows} />
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
