import { useSignal } from '@preact/signals';
import type { WebhookDelivery, WebhookDeliveryPage } from '@marvel/sdk';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { useLoad } from '../../session/use-load.ts';
import { Button } from '../../ui/button.tsx';
import { Segmented } from '../../ui/field.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { More, useMore } from '../../ui/more.tsx';
import { ProblemNotice } from '../../ui/notice.tsx';
import { Card } from '../../ui/page.tsx';
import { Moment } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';
import { say } from '../../ui/toast.tsx';
import { DeliveryDialog } from './delivery-dialog.tsx';

const pageRows = 20;
const statusTones = { pending: 'info', delivered: 'good', failed: 'bad' } as const;
const statuses = ['delivered', 'pending', 'failed'] as const;
const statusTitles = { delivered: 'Delivered', pending: 'Pending', failed: 'Failed' } as const;

interface RowsProps {
  readonly first: WebhookDeliveryPage;
  readonly status: WebhookDelivery['status'] | undefined;
  readonly onChange: () => void;
}

function answerText({ last_attempt: last }: WebhookDelivery): string {
  if (last === null) return 'not tried yet';
  return last.status === null ? (last.error ?? 'no answer') : String(last.status);
}

function Rows({ first, status, onChange }: RowsProps) {
  const more = useMore(first, async (cursor) => marvel.webhookDeliveries.list({ limit: pageRows, status, cursor }));
  const shown = useSignal<WebhookDelivery | undefined>(undefined);
  const again = useAction(async ({ id, event_type }: WebhookDelivery) => {
    await marvel.webhookDeliveries.redeliver(id);
    say(`${event_type} is sent again`);
    onChange();
  });
  return (
    <>
      {again.problem !== undefined && <ProblemNotice problem={again.problem} />}
      <Table
        caption="Deliveries, the newest first"
        rows={more.rows}
        rowKey={({ id }) => id}
        columns={[
          {
            title: 'Event',
            cell: ({ event_type, event_id }) => (
              <>
                {event_type}
                <span class="sub mono">{event_id}</span>
              </>
            ),
          },
          { title: 'Status', cell: (row) => <span class={`badge ${statusTones[row.status]}`}>{row.status}</span> },
          { title: 'Answer', cell: (row) => answerText(row) },
          { title: 'Tries', right: true, cell: ({ attempts }) => attempts },
          { title: 'Written', cell: ({ created_at }) => <Moment at={created_at} /> },
          {
            title: 'Next try',
            cell: (row) => (row.next_attempt_at === null ? '–' : <Moment at={row.next_attempt_at} />),
          },
          {
            title: 'Actions',
            isActions: true,
            cell: (row) => (
              <>
                <Button small kind="quiet" label={`Look at ${row.id}`} onClick={() => (shown.value = row)}>
                  Look
                </Button>
                <Button small kind="quiet" label={`Send again: ${row.id}`} onClick={() => again.run(row)}>
                  Send again
                </Button>
              </>
            ),
          },
        ]}
      />
      <More of={more} />
      {shown.value !== undefined && <DeliveryDialog of={shown.value} onClose={() => (shown.value = undefined)} />}
    </>
  );
}

/** What was sent to the endpoints, and what became of it. */
export function Deliveries() {
  const chosen = useSignal('');
  const status = statuses.find((one) => one === chosen.value);
  const deliveries = useLoad(
    async (signal) => marvel.webhookDeliveries.list({ limit: pageRows, status }, { signal }),
    [chosen.value],
  );
  return (
    <Card
      title="Deliveries"
      flush
      aside={
        <Segmented
          label="Status"
          name="status"
          value={chosen.value}
          onChange={(value) => (chosen.value = value)}
          options={[['', 'All'], ...statuses.map((one) => [one, statusTitles[one]] as const)]}
        />
      }
    >
      <LoadView of={deliveries}>
        {(first) =>
          first.data.length === 0 ? (
            <Empty title="No deliveries">
              Each event is sent to every endpoint that wants it, and kept here for 30 days.
            </Empty>
          ) : (
            <Rows first={first} status={status} onChange={deliveries.reload} />
          )
        }
      </LoadView>
    </Card>
  );
}
