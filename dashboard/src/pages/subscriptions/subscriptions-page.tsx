import type { Plan } from '@marvel/sdk';
import { formatMoney } from '@marvel/shared/money';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { useLoad } from '../../session/use-load.ts';
import { Button } from '../../ui/button.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { ProblemNotice } from '../../ui/notice.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { SubscriptionTable } from './subscription-table.tsx';
import { periodText, termsText } from './terms.ts';

const pageRows = 20;
/** The most customers whose names are asked for. */
const maxNamed = 500;
const asked = { limit: pageRows };

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

/** Recurring plans, and what the account and its customers are on. */
export function SubscriptionsPage() {
  const subscriptions = useLoad(async (signal) => marvel.subscriptions.list(asked, { signal }));
  const customers = useLoad(async (signal) => marvel.customers.list({ limit: 100 }, { signal }).take(maxNamed));
  const names = new Map(
    customers.current.state === 'ready' ? customers.current.value.map(({ id, name }) => [id, name] as const) : [],
  );
  return (
    <Page title="Subscriptions" lead="A plan credits bytes each period, as soon as the period is paid.">
      <Offers onChange={subscriptions.reload} />
      <Card title="Subscriptions" flush>
        <LoadView of={subscriptions}>
          {(first) =>
            first.data.length === 0 ? (
              <Empty title="No subscriptions yet">What you and your customers are on is listed here.</Empty>
            ) : (
              <SubscriptionTable first={first} asked={asked} names={names} onChange={subscriptions.reload} />
            )
          }
        </LoadView>
      </Card>
    </Page>
  );
}
