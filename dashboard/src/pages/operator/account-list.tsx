import { useSignal } from '@preact/signals';
import type { OperatorAccount, OperatorAccountList, OperatorAccountQuery } from '@marvel/sdk';
import { formatCount } from '../../format/bytes.ts';
import { formatDate } from '../../format/time.ts';
import { navigate } from '../../router.ts';
import { operator } from '../../session/api.ts';
import { Button } from '../../ui/button.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { More, useMore } from '../../ui/more.tsx';
import { Card } from '../../ui/page.tsx';
import { Bytes } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';
import { useOperatorLoad } from './operator-page.tsx';

const pageRows = 50;
const statuses = ['active', 'suspended'] as const;

/** Where an account is shown. */
export function accountHref(id: string): string {
  return `/operator/accounts?account=${encodeURIComponent(id)}`;
}

export function StatusBadge({ status }: Pick<OperatorAccount, 'status'>) {
  return <span class={status === 'active' ? 'badge good' : 'badge bad'}>{status}</span>;
}

interface RowsProps {
  readonly first: OperatorAccountList;
  readonly asked: OperatorAccountQuery;
}

function Rows({ first, asked }: RowsProps) {
  const more = useMore(first, async (cursor) => operator.accounts.list({ ...asked, cursor }));
  return (
    <>
      <Table
        caption="Accounts"
        rows={more.rows}
        rowKey={(row) => row.account_id}
        columns={[
          {
            title: 'Account',
            cell: (row) => (
              <>
                <a href={accountHref(row.account_id)}>{row.email}</a>
                <span class="sub mono">{row.account_id}</span>
              </>
            ),
          },
          { title: 'Status', cell: (row) => <StatusBadge status={row.status} /> },
          { title: 'Plan', cell: ({ plan }) => (plan === null ? <span class="soft">none</span> : plan.name) },
          { title: 'Balance', right: true, cell: (row) => <Bytes value={row.balance_bytes} /> },
          { title: 'Keys', right: true, cell: (row) => formatCount(row.keys) },
          { title: 'Sub-users', right: true, cell: (row) => formatCount(row.sub_users) },
          { title: 'Since', right: true, cell: (row) => formatDate(row.created_at) },
        ]}
      />
      <More of={more} />
    </>
  );
}

/** Finds accounts: by address or id, by status, or all of them, the newest first. */
export function AccountList() {
  const typed = useSignal('');
  const email = useSignal('');
  const status = useSignal('');
  const chosen = statuses.find((one) => one === status.value);
  const asked: OperatorAccountQuery = {
    email: email.value === '' ? undefined : email.value,
    status: chosen,
    limit: pageRows,
  };
  const accounts = useOperatorLoad(
    async (signal) => operator.accounts.list(asked, { signal }),
    [email.value, status.value],
  );
  return (
    <>
      <form
        class="cluster low"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          const text = typed.value.trim();
          if (text.startsWith('acc_')) navigate(accountHref(text));
          else email.value = text;
        }}
      >
        <div class="grow">
          <TextField
            label="E-mail or id"
            name="find"
            type="search"
            placeholder="somebody@example.com or acc_…"
            value={typed.value}
            onInput={(value) => {
              typed.value = value;
              if (value === '') email.value = '';
            }}
          />
        </div>
        <SelectField
          label="Status"
          name="status"
          value={status.value}
          onChange={(value) => (status.value = value)}
          options={[
            ['', 'Any'],
            ['active', 'Active'],
            ['suspended', 'Suspended'],
          ]}
        />
        <Button kind="primary" type="submit">
          Find
        </Button>
      </form>
      <Card flush>
        <LoadView of={accounts} lines={6}>
          {(first) =>
            first.data.length === 0 ? (
              <Empty title="No such account">
                {email.value === ''
                  ? 'Nobody of this status.'
                  : 'An address is found as a whole, in whatever case; part of one finds nothing.'}
              </Empty>
            ) : (
              <Rows first={first} asked={asked} />
            )
          }
        </LoadView>
      </Card>
    </>
  );
}
