import { useSignal } from '@preact/signals';
import type { SubUser } from '@marvel/sdk';
import { formatDate } from '../../format/time.ts';
import { marvel } from '../../session/api.ts';
import { useLoad, type Loading } from '../../session/use-load.ts';
import { Button } from '../../ui/button.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { Card } from '../../ui/page.tsx';
import { SubscriptionTable } from '../subscriptions/subscription-table.tsx';
import { usernameOf } from '../sub-users/sub-user-select.tsx';
import { CustomerDialog } from './customer-dialog.tsx';
import { SubscribeDialog } from './subscribe-dialog.tsx';

const pageRows = 20;

interface CustomerViewProps {
  readonly id: string;
  readonly subUsers: Loading<readonly SubUser[]>;
}

/** One customer, and the plans that it is and was on. */
export function CustomerView({ id, subUsers }: CustomerViewProps) {
  const asked = { customer_id: id, limit: pageRows };
  const customer = useLoad(async (signal) => marvel.customers.get(id, { signal }), [id]);
  const subscriptions = useLoad(async (signal) => marvel.subscriptions.list(asked, { signal }), [id]);
  const open = useSignal<'edit' | 'subscribe' | undefined>(undefined);
  const found = customer.current.state === 'ready' ? customer.current.value : undefined;
  function done(): void {
    open.value = undefined;
    customer.reload();
    subscriptions.reload();
  }
  const subscribe =
    found?.sub_user_id === null ? (
      <Button onClick={() => (open.value = 'edit')}>Choose a sub-user</Button>
    ) : (
      <Button kind="primary" onClick={() => (open.value = 'subscribe')}>
        Put on a plan
      </Button>
    );
  return (
    <>
      <Card
        title={found?.name ?? 'Customer'}
        aside={
          found !== undefined && (
            <Button small onClick={() => (open.value = 'edit')}>
              Edit
            </Button>
          )
        }
      >
        <LoadView of={customer}>
          {({ email, reference, sub_user_id: subUser, created_at: since }) => (
            <dl class="facts-list">
              <dt>E-mail</dt>
              <dd>{email ?? 'none'}</dd>
              <dt>Reference</dt>
              <dd>{reference ?? 'none'}</dd>
              <dt>Sub-user</dt>
              <dd>{subUser === null ? 'none: choose one before a plan can begin' : usernameOf(subUsers, subUser)}</dd>
              <dt>Id</dt>
              <dd class="mono">{id}</dd>
              <dt>Since</dt>
              <dd>{formatDate(since)}</dd>
            </dl>
          )}
        </LoadView>
      </Card>
      {found !== undefined && (
        <Card title="Subscriptions" flush>
          <LoadView of={subscriptions}>
            {(first) => (
              <>
                {first.data.length === 0 ? (
                  <Empty title="Not on a plan" action={subscribe}>
                    One at a time. Its sub-user gets the bytes and threads of the plan, each period anew.
                  </Empty>
                ) : (
                  <SubscriptionTable first={first} asked={asked} onChange={subscriptions.reload} />
                )}
                {first.data.length > 0 && first.data.every(({ ended_at: end }) => end !== null) && (
                  <div class="table-foot">{subscribe}</div>
                )}
              </>
            )}
          </LoadView>
        </Card>
      )}
      {open.value === 'edit' && found !== undefined && (
        <CustomerDialog of={found} subUsers={subUsers} onClose={() => (open.value = undefined)} onDone={done} />
      )}
      {open.value === 'subscribe' && found !== undefined && (
        <SubscribeDialog customer={found} onClose={() => (open.value = undefined)} onDone={done} />
      )}
    </>
  );
}
