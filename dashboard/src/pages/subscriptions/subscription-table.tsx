import { useSignal } from '@preact/signals';
import type { Subscription, SubscriptionList, SubscriptionQuery } from '@marvel/sdk';
import { isAllowedStep } from '@marvel/shared/subscription-transition';
import { formatDate } from '../../format/time.ts';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { Button } from '../../ui/button.tsx';
import { More, useMore } from '../../ui/more.tsx';
import { ProblemNotice } from '../../ui/notice.tsx';
import { Table } from '../../ui/table.tsx';
import { say } from '../../ui/toast.tsx';
import { CancelDialog } from './cancel-dialog.tsx';
import { priceText, termsText } from './terms.ts';

const statusTones = { active: 'good', paused: 'warn', past_due: 'bad', cancelled: '', completed: 'info' } as const;
const statusTexts = {
  active: 'active',
  paused: 'paused',
  past_due: 'payment due',
  cancelled: 'cancelled',
  completed: 'completed',
} as const;

const steps = ['pause', 'resume', 'cancel'] as const;
const verbs = { pause: 'Pause', resume: 'Resume', cancel: 'Cancel' } as const;

function Ending({ of }: { readonly of: Subscription }) {
  if (of.ended_at !== null) return <span class="soft nowrap">ended {formatDate(of.ended_at)}</span>;
  if (of.current_period_end === null) return <span class="soft">not begun</span>;
  return <span class="nowrap">{formatDate(of.current_period_end)}</span>;
}

interface SubscriptionTableProps {
  readonly first: SubscriptionList;
  readonly asked: SubscriptionQuery;
  /** Names of customers by their id, where it says who is on each. */
  readonly names?: ReadonlyMap<string, string>;
  readonly onChange: () => void;
}

/** Subscriptions, and the steps that each can take. */
export function SubscriptionTable({ first, asked, names, onChange }: SubscriptionTableProps) {
  const more = useMore(first, async (cursor) => marvel.subscriptions.list({ ...asked, cursor }));
  const cancelling = useSignal<Subscription | undefined>(undefined);
  const take = useAction(async (step: 'pause' | 'resume', { id, name }: Subscription) => {
    await marvel.subscriptions[step](id);
    say(`${name}: ${step}d`);
    onChange();
  });
  return (
    <>
      {take.problem !== undefined && <ProblemNotice problem={take.problem} />}
      <Table
        caption="Subscriptions"
        rows={more.rows}
        rowKey={({ id }) => id}
        columns={[
          {
            title: 'Plan',
            cell: (row) => (
              <>
                {row.name}
                <span class="sub">{termsText(row)}</span>
              </>
            ),
          },
          {
            title: 'Status',
            cell: ({ status, cancel_at_period_end: ends }) => (
              <span class={`badge ${statusTones[status]}`}>
                {ends && status === 'active' ? 'ends soon' : statusTexts[status]}
              </span>
            ),
          },
          ...(names !== undefined
            ? [
                {
                  title: 'For',
                  cell: ({ customer_id: id }: Subscription) =>
                    id === null ? (
                      'this account'
                    ) : (
                      <a href={`/customers?customer=${id}`}>{names.get(id) ?? 'a customer'}</a>
                    ),
                },
              ]
            : []),
          { title: 'Price', right: true, cell: (row) => priceText(row) },
          { title: 'Period ends', cell: (row) => <Ending of={row} /> },
          {
            title: 'Actions',
            isActions: true,
            cell: (row) => (
              <>
                {row.checkout_url !== null && row.status === 'past_due' && (
                  <a class="button small" href={row.checkout_url} aria-label={`Pay for ${row.name}`}>
                    Pay
                  </a>
                )}
                {steps
                  .filter((step) => isAllowedStep(step, row.status))
                  .map((step) => (
                    <Button
                      key={step}
                      small
                      kind="quiet"
                      label={`${verbs[step]} ${row.name}`}
                      onClick={() => {
                        if (step === 'cancel') cancelling.value = row;
                        else take.run(step, row);
                      }}
                    >
                      {verbs[step]}
                    </Button>
                  ))}
              </>
            ),
          },
        ]}
      />
      <More of={more} />
      {cancelling.value !== undefined && (
        <CancelDialog
          of={cancelling.value}
          onClose={() => (cancelling.value = undefined)}
          onDone={() => {
            cancelling.value = undefined;
            onChange();
          }}
        />
      )}
    </>
  );
}
