import { useSignal } from '@preact/signals';
import type { Customer, CustomerList as CustomerPage, SubUser } from '@marvel/sdk';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import type { Loading } from '../../session/use-load.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { More, useMore } from '../../ui/more.tsx';
import { Moment } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';
import { say } from '../../ui/toast.tsx';
import { usernameOf } from '../sub-users/sub-user-select.tsx';
import { CustomerDialog } from './customer-dialog.tsx';

type Open = { readonly kind: 'edit' | 'delete'; readonly customer: Customer } | undefined;
const verbs = { edit: 'Edit', delete: 'Delete' } as const;

interface CustomerListProps {
  readonly first: CustomerPage;
  readonly limit: number;
  readonly subUsers: Loading<readonly SubUser[]>;
  readonly onChange: () => void;
}

export function CustomerList({ first, limit, subUsers, onChange }: CustomerListProps) {
  const more = useMore(first, async (cursor) => marvel.customers.list({ limit, cursor }));
  const open = useSignal<Open>(undefined);
  const remove = useAction(async ({ id, name }: Customer) => {
    await marvel.customers.delete(id);
    open.value = undefined;
    say(`Deleted ${name}`);
    onChange();
  });
  const shown = open.value;
  function close(): void {
    open.value = undefined;
    remove.reset();
  }
  return (
    <>
      <Table
        caption="Customers"
        rows={more.rows}
        rowKey={({ id }) => id}
        columns={[
          {
            title: 'Customer',
            cell: ({ id, name, email }) => (
              <>
                <a href={`/customers?customer=${id}`}>{name}</a>
                {email !== null && <span class="sub">{email}</span>}
              </>
            ),
          },
          {
            title: 'Reference',
            cell: ({ reference }) => reference ?? <span class="soft">none</span>,
          },
          {
            title: 'Sub-user',
            cell: ({ sub_user_id: id }) =>
              id === null ? <span class="badge warn">needs one</span> : usernameOf(subUsers, id),
          },
          { title: 'Since', cell: (row) => <Moment at={row.created_at} /> },
          {
            title: 'Actions',
            isActions: true,
            cell: (customer) => (
              <>
                {(['edit', 'delete'] as const).map((kind) => (
                  <Button
                    key={kind}
                    small
                    kind="quiet"
                    label={`${verbs[kind]} ${customer.name}`}
                    onClick={() => (open.value = { kind, customer })}
                  >
                    {verbs[kind]}
                  </Button>
                ))}
              </>
            ),
          },
        ]}
      />
      <More of={more} />
      {shown?.kind === 'edit' && (
        <CustomerDialog
          of={shown.customer}
          subUsers={subUsers}
          onClose={close}
          onDone={() => {
            close();
            onChange();
          }}
        />
      )}
      {shown?.kind === 'delete' && (
        <Confirm
          title={`Delete ${shown.customer.name}?`}
          verb="Delete"
          isBusy={remove.isBusy}
          problem={remove.problem}
          onClose={close}
          onConfirm={() => remove.run(shown.customer)}
        >
          <p>Not while a subscription of theirs goes on: cancel it first. Their sub-user stays.</p>
        </Confirm>
      )}
    </>
  );
}
