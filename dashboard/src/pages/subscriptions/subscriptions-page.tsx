import { useSignal } from '@preact/signals';
import type { Plan, Subscription, SubscriptionList } from '@marvel/sdk';
import { isAllowedStep } from '@marvel/shared/subscription-transition';
import { formatMoney } from '../../format/money.ts';
import { formatDate } from '../../format/time.ts';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { useLoad } from '../../session/use-load.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { More, useMore } from '../../ui/more.tsx';
import { ProblemNotice } from '../../ui/notice.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { Table } from '../../ui/table.tsx';
import { say } from '../../ui/toast.tsx';
import { periodText, priceText, termsText } from './terms.ts';

const pageRows = 20;
const statusTones = { active: 'good', paused: 'warn', past_due: 'bad', cancelled: '', completed: 'info' } as const;
const statusTexts = {
  active: 'active',
  paused: 'paused',
  past_due: 'payment due',
  cancelled: 'cancelled',
  completed: 'completed',
} as const;

/** What Marvel sells by the period. Subscribing leaves the site for the first payment, which comes back to the billing page. */
function Offers({ onChange }: { readonly onChange: () => void }) {
  const plans = useLoad(async (signal) => marvel.plans.list({ owner: 'marvel', limit: pageRows }, { signal }));
  const subscribe = useAction(async ({ id }: Plan) => {
    const made = await marvel.subscriptions.create({ plan_id: id });
    if (made.checkout_url !== null) window.location.assign(made.checkout_url);
    else onChange();
  });
  return (
    <section class="stack">
      <h2>Plans</h2>
      {subscribe.problem !== undefined && <ProblemNotice problem={subscribe.problem} />}
      <LoadView of={plans} lines={2}>
        {({ data }) => {
          const offered = data.filter(({ active }) => active);
          return offered.length === 0 ? (
            <Card>
              <Empty title="No plan is offered" action={<a href="/billing">Buy a bundle</a>}>
                The operator sells bundles only. Plans appear here once there are some.
              </Empty>
            </Card>
          ) : (
            <ul class="columns">
              {offered.map((plan) => (
                <li class="card" key={plan.id}>
                  <h3>{plan.name}</h3>
                  <p class="price num">
                    {formatMoney(plan.price_cents, plan.currency)} <small>{periodText(plan)}</small>
                  </p>
                  <p class="soft small">{termsText(plan)}</p>
                  <Button
                    kind="primary"
                    label={`Subscribe to ${plan.name}`}
                    isBusy={subscribe.isBusy}
                    onClick={() => subscribe.run(plan)}
                  >
                    Subscribe
                  </Button>
                </li>
              ))}
            </ul>
          );
        }}
      </LoadView>
    </section>
  );
}

type Step = 'pause' | 'resume' | 'cancel';
const verbs = { pause: 'Pause', resume: 'Resume', cancel: 'Cancel' } as const;

function Subscriptions({ first, onChange }: { readonly first: SubscriptionList; readonly onChange: () => void }) {
  const more = useMore(first, async (cursor) => marvel.subscriptions.list({ limit: pageRows, cursor }));
  const cancelling = useSignal<Subscription | undefined>(undefined);
  const take = useAction(async (step: Step, { id, name }: Subscription) => {
    if (step === 'cancel') await marvel.subscriptions.cancel(id, { at_period_end: true });
    else await marvel.subscriptions[step](id);
    cancelling.value = undefined;
    say(step === 'cancel' ? `${name} ends with its period` : `${name}: ${step}d`);
    onChange();
  });
  const chosen = cancelling.value;
  return (
    <>
      {take.problem !== undefined && chosen === undefined && <ProblemNotice problem={take.problem} />}
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
          {
            title: 'For',
            cell: (row) =>
              row.customer_id === null ? 'this account' : <span class="mono small">{row.customer_id}</span>,
          },
          { title: 'Price', right: true, cell: (row) => priceText(row) },
          {
            title: 'Period ends',
            cell: (row) =>
              row.current_period_end === null ? (
                <span class="soft">not begun</span>
              ) : (
                formatDate(row.current_period_end)
              ),
          },
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
                {(['pause', 'resume', 'cancel'] as const)
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
      {chosen !== undefined && (
        <Confirm
          title={`Cancel ${chosen.name}?`}
          verb="Cancel it"
          isBusy={take.isBusy}
          problem={take.problem}
          onClose={() => {
            cancelling.value = undefined;
            take.reset();
          }}
          onConfirm={() => take.run('cancel', chosen)}
        >
          <p>The period that was paid runs out first. Bytes that were credited stay.</p>
        </Confirm>
      )}
    </>
  );
}

/** Recurring plans, and what the account and its customers are on. */
export function SubscriptionsPage() {
  const subscriptions = useLoad(async (signal) => marvel.subscriptions.list({ limit: pageRows }, { signal }));
  return (
    <Page title="Subscriptions" lead="A plan credits bytes each period, as soon as the period is paid.">
      <Offers onChange={subscriptions.reload} />
      <Card title="Subscriptions" flush>
        <LoadView of={subscriptions}>
          {(first) =>
            first.data.length === 0 ? (
              <Empty title="No subscriptions yet">What you and your customers are on is listed here.</Empty>
            ) : (
              <Subscriptions first={first} onChange={subscriptions.reload} />
            )
          }
        </LoadView>
      </Card>
    </Page>
  );
}
