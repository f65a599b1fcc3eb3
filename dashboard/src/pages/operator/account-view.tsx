import { useSignal } from '@preact/signals';
import type { AuditPage, LedgerPage, OperatorAccount } from '@marvel/sdk';
import { formatCount } from '../../format/bytes.ts';
import { formatDate } from '../../format/time.ts';
import { operator } from '../../session/api.ts';
import { Button } from '../../ui/button.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { More, useMore } from '../../ui/more.tsx';
import { Card } from '../../ui/page.tsx';
import { Bytes } from '../../ui/show.tsx';
import { EntryTable } from '../ledger/entry-table.tsx';
import { StatusBadge } from './account-list.tsx';
import { AdjustForm } from './adjust-form.tsx';
import { AuditTable } from './audit-table.tsx';
import { useOperatorLoad } from './operator-page.tsx';
import { StandingDialog } from './standing-dialog.tsx';

const pageRows = 20;

function planText(plan: OperatorAccount['plan']): string {
  if (plan === null) return 'none';
  const end = plan.current_period_end === null ? '' : `, period ends ${formatDate(plan.current_period_end)}`;
  return `${plan.name}, ${plan.status.replace('_', ' ')}${end}`;
}

function Facts({ account }: { readonly account: OperatorAccount }) {
  const { account_id: id, threads, plan, keys, sub_users: subUsers, created_at: since } = account;
  return (
    <dl class="facts-list">
      <dt>Account</dt>
      <dd class="mono">{id}</dd>
      <dt>Since</dt>
      <dd>{formatDate(since)}</dd>
      <dt>Balance</dt>
      <dd>
        <Bytes value={account.balance_bytes} />
      </dd>
      <dt>Plan</dt>
      <dd>{planText(plan)}</dd>
      <dt>Threads</dt>
      <dd>{threads === null ? 'no limit' : formatCount(threads)}</dd>
      <dt>Keys</dt>
      <dd>{formatCount(keys)}</dd>
      <dt>Sub-users</dt>
      <dd>{formatCount(subUsers)}</dd>
    </dl>
  );
}

function Ledger({ id, first }: { readonly id: string; readonly first: LedgerPage }) {
  const more = useMore(first, async (cursor) => operator.accounts.ledger(id, { limit: pageRows, cursor }));
  return (
    <>
      <EntryTable entries={more.rows} />
      <More of={more} />
    </>
  );
}

function History({ id, first }: { readonly id: string; readonly first: AuditPage }) {
  return first.data.length === 0 ? (
    <Empty title="No operator has touched this account" />
  ) : (
    <AuditTable first={first} asked={{ target: id, limit: pageRows }} saysTarget={false} />
  );
}

/** One account: how it stands, what moved, and what operators did to it. */
export function AccountView({ id }: { readonly id: string }) {
  const account = useOperatorLoad(async (signal) => operator.accounts.get(id, { signal }), [id]);
  const ledger = useOperatorLoad(async (signal) => operator.accounts.ledger(id, { limit: pageRows }, { signal }), [id]);
  const history = useOperatorLoad(async (signal) => operator.audit({ target: id, limit: pageRows }, { signal }), [id]);
  const isAsking = useSignal(false);
  function reload(): void {
    account.reload();
    ledger.reload();
    history.reload();
  }
  const found = account.current.state === 'ready' ? account.current.value : undefined;
  return (
    <>
      <div class="columns wide">
        <Card title={found?.email ?? 'Account'} aside={found !== undefined && <StatusBadge status={found.status} />}>
          <LoadView of={account} lines={8}>
            {(value) => (
              <>
                <Facts account={value} />
                <div>
                  <Button
                    kind={value.status === 'active' ? 'danger' : 'primary'}
                    onClick={() => (isAsking.value = true)}
                  >
                    {value.status === 'active' ? 'Suspend' : 'Lift the suspension'}
                  </Button>
                </div>
              </>
            )}
          </LoadView>
        </Card>
        {found !== undefined && (
          <Card title="Adjust the balance">
            <AdjustForm accountId={id} onDone={reload} />
          </Card>
        )}
      </div>
      {found !== undefined && (
        <>
          <Card title="Ledger" flush>
            <LoadView of={ledger}>
              {(first) =>
                first.data.length === 0 ? (
                  <Empty title="No entries">No bytes have moved yet.</Empty>
                ) : (
                  <Ledger id={id} first={first} />
                )
              }
            </LoadView>
          </Card>
          <Card title="Audit log" flush>
            <LoadView of={history}>{(first) => <History id={id} first={first} />}</LoadView>
          </Card>
        </>
      )}
      {isAsking.value && found !== undefined && (
        <StandingDialog
          account={found}
          onClose={() => (isAsking.value = false)}
          onDone={() => {
            isAsking.value = false;
            reload();
          }}
        />
      )}
    </>
  );
}
