import type { WebhookDelivery } from '@marvel/sdk';
import { formatMoment } from '../../format/time.ts';
import { marvel } from '../../session/api.ts';
import { useLoad } from '../../session/use-load.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { LoadView } from '../../ui/load-view.tsx';
import { Table } from '../../ui/table.tsx';

/** What was sent, and every try of it. */
export function DeliveryDialog({ of, onClose }: { readonly of: WebhookDelivery; readonly onClose: () => void }) {
  const log = useLoad(async (signal) => marvel.webhookDeliveries.get(of.id, { signal }));
  return (
    <Dialog title={of.event_type} onClose={onClose}>
      <LoadView of={log}>
        {({ event, log: tries }) => (
          <>
            {tries.length === 0 ? (
              <p class="soft">Not tried yet.</p>
            ) : (
              <Table
                caption="Tries"
                rows={tries}
                rowKey={({ number }) => String(number)}
                columns={[
                  {
                    title: 'When',
                    cell: ({ at, number }) => (
                      <>
                        {formatMoment(at)}
                        <span class="sub">try {number}</span>
                      </>
                    ),
                  },
                  { title: 'Answer', cell: ({ status, error }) => status ?? error ?? 'none' },
                  { title: 'Took', right: true, cell: (row) => `${row.duration_ms} ms` },
                ]}
              />
            )}
            {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reachable with the keyboard */}
            <pre class="code" tabIndex={0} aria-label="What is sent">
              <code>{JSON.stringify(event, undefined, 2)}</code>
            </pre>
          </>
        )}
      </LoadView>
    </Dialog>
  );
}
