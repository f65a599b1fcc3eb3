import { useSignal } from '@preact/signals';
import type { SubUser } from '@marvel/sdk';
import { route } from '../../router.ts';
import { marvel } from '../../session/api.ts';
import { useLoad, type Loading } from '../../session/use-load.ts';
import { Button } from '../../ui/button.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { useSubUsers } from '../sub-users/sub-user-select.tsx';
import { CustomerDialog } from './customer-dialog.tsx';
import { CustomerList } from './customer-list.tsx';
import { CustomerView } from './customer-view.tsx';

const pageRows = 50;

function Customers({ subUsers }: { readonly subUsers: Loading<readonly SubUser[]> }) {
  const customers = useLoad(async (signal) => marvel.customers.list({ limit: pageRows }, { signal }));
  const isMaking = useSignal(false);
  const create = (
    <Button kind="primary" onClick={() => (isMaking.value = true)}>
      New customer
    </Button>
  );
  return (
    <Page
      title="Customers"
      lead="Those whom you sell to: each gets a sub-user, whose limits follow the plan that you put them on."
      actions={create}
    >
      <Card flush>
        <LoadView of={customers}>
          {(first) =>
            first.data.length === 0 ? (
              <Empty title="No customers yet" action={create}>
                Write down whom you sell to, then put them on one of <a href="/plans">your plans</a>.
              </Empty>
            ) : (
              <CustomerList first={first} limit={pageRows} subUsers={subUsers} onChange={customers.reload} />
            )
          }
        </LoadView>
      </Card>
      {isMaking.value && (
        <CustomerDialog
          of={undefined}
          subUsers={subUsers}
          onClose={() => (isMaking.value = false)}
          onDone={() => {
            isMaking.value = false;
            customers.reload();
          }}
        />
      )}
    </Page>
  );
}

/** Those whom the account sells to: all of them, or the one that the address names. */
export function CustomersPage() {
  const subUsers = useSubUsers();
  const id = route.value.query.get('customer');
  if (id === null) return <Customers subUsers={subUsers} />;
  return (
    <Page title="Customer" lead={<a href="/customers">All customers</a>}>
      <CustomerView key={id} id={id} subUsers={subUsers} />
    </Page>
  );
}
