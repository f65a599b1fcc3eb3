import type { LedgerEntry } from '@marvel/sdk';
import { formatBytes, formatExactBytes } from '../../format/bytes.ts';
import { formatMoment } from '../../format/time.ts';
import { Bytes } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';

export const causeTexts: Readonly<Record<LedgerEntry['cause'], string>> = {
  payment: 'Payment',
  batch: 'Usage',
  adjustment: 'Adjustment',
  refund: 'Refund',
  expiry: 'Expiry',
};

/** Movements of bytes, each with the balance after it. */
export function EntryTable({ entries }: { readonly entries: readonly LedgerEntry[] }) {
  return (
    <Table
      caption="Ledger entries, the newest first"
      rows={entries}
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
            <span title={formatExactBytes(bytes)} class={bytes > 0 ? 'gain' : undefined}>
              {bytes > 0 ? '+' : ''}
              {formatBytes(bytes)}
            </span>
          ),
        },
        { title: 'Balance', right: true, cell: ({ balance_bytes }) => <Bytes value={balance_bytes} /> },
      ]}
    />
  );
}
