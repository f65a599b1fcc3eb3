import { useSignal } from '@preact/signals';
import type { Plan, PlanList } from '@marvel/sdk';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { useLoad } from '../../session/use-load.ts';
import { Button } from '../../ui/button.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { More, useMore } from '../../ui/more.tsx';
import { ProblemNotice } from '../../ui/notice.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { Moment } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';
import { say } from '../../ui/toast.tsx';
import { priceText, termsText } from '../subscriptions/terms.ts';
import { PlanDialog } from './plan-dialog.tsx';
import { RenameDialog } from './rename-dialog.tsx';

const asked = { owner: 'account', limit: 50 } as const;

function Plans({ first, onChange }: { readonly first: PlanList; readonly onChange: () => void }) {
  const more = useMore(first, async (cursor) => marvel.plans.list({ ...asked, cursor }));
  const renaming = useSignal<Plan | undefined>(undefined);
  const turn = useAction(async ({ id, name, active }: Plan) => {
    await marvel.plans.update(id, { active: !active });
    say(active ? `${name} takes no new customers` : `${name} takes customers again`);
    onChange();
  });
  return (
    <>
      {turn.problem !== undefined && <ProblemNotice problem={turn.problem} />}
      <Table
        caption="Your plans"
        rows={more.rows}
        rowKey={({ id }) => id}
        columns={[
          {
            title: 'Plan',
            cell: (plan) => (
              <>
                {plan.name}
                <span class="sub">{termsText(plan)}</span>
              </>
            ),
          },
          {
            title: 'State',
            cell: ({ active }) => <span class={active ? 'badge good' : 'badge'}>{active ? 'on sale' : 'retired'}</span>,
          },
          { title: 'Price', right: true, cell: (plan) => priceText(plan) },
          { title: 'Made', cell: (plan) => <Moment at={plan.created_at} /> },
          {
            title: 'Actions',
            isActions: true,
            cell: (plan) => (
              <>
                <Button small kind="quiet" label={`Rename ${plan.name}`} onClick={() => (renaming.value = plan)}>
                  Rename
                </Button>
                <Button
                  small
                  kind="quiet"
                  isBusy={turn.isBusy}
                  label={`${plan.active ? 'Retire' : 'Offer'} ${plan.name}`}
                  onClick={() => turn.run(plan)}
                >
                  {plan.active ? 'Retire' : 'Offer again'}
                </Button>
              </>
            ),
          },
        ]}
      />
      <More of={more} />
      {renaming.value !== undefined && (
        <RenameDialog
          of={renaming.value}
          onClose={() => (renaming.value = undefined)}
          onDone={() => {
            renaming.value = undefined;
            onChange();
          }}
        />
      )}
    </>
  );
}

/** What the account sells to its customers. */
export function PlansPage() {
  const plans = useLoad(async (signal) => marvel.plans.list(asked, { signal }));
  const isMaking = useSignal(false);
  const create = (
    <Button kind="primary" onClick={() => (isMaking.value = true)}>
      New plan
    </Button>
  );
  return (
    <Page
      title="Your plans"
      lead="What you sell to your customers: bytes and threads for a period. They pay you; Marvel collects nothing of it."
      actions={create}
    >
      <Card flush>
        <LoadView of={plans}>
          {(first) =>
            first.data.length === 0 ? (
              <Empty title="No plans yet" action={create}>
                Make one, then put a <a href="/customers">customer</a> on it: the limits of its sub-user follow the
                plan.
              </Empty>
            ) : (
              <Plans first={first} onChange={plans.reload} />
            )
          }
        </LoadView>
      </Card>
      {isMaking.value && (
        <PlanDialog
          onClose={() => (isMaking.value = false)}
          onDone={() => {
            isMaking.value = false;
            plans.reload();
          }}
        />
      )}
    </Page>
  );
}
