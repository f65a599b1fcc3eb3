import { useSignal } from '@preact/signals';
import type { SubUser } from '@marvel/sdk';
import { CredentialBadge, LimitsSummary } from '../../limits/limits-summary.tsx';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { useLoad } from '../../session/use-load.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { Moment } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';
import { say } from '../../ui/toast.tsx';
import { NewSecret, type ShownSecret } from '../keys/new-secret.tsx';
import { SubUserDialog } from './sub-user-dialog.tsx';

type Open =
  | { readonly kind: 'edit'; readonly subUser: SubUser | undefined }
  | { readonly kind: 'rotate' | 'delete'; readonly subUser: SubUser }
  | undefined;

const verbs = { edit: 'Edit', rotate: 'New password', delete: 'Delete' } as const;

/** Sub-users: username and password with limits of their own, drawing on the account's balance. */
export function SubUsersPage() {
  const subUsers = useLoad(async (signal) => marvel.subUsers.list({ signal }));
  const open = useSignal<Open>(undefined);
  const secret = useSignal<ShownSecret | undefined>(undefined);
  const change = useAction(async (kind: 'rotate' | 'delete', { id, username }: SubUser) => {
    if (kind === 'rotate') {
      const { password } = await marvel.subUsers.rotate(id);
      secret.value = { what: 'password', name: username, text: password };
    } else {
      await marvel.subUsers.delete(id);
      say(`Deleted ${username}`);
    }
    open.value = undefined;
    subUsers.reload();
  });
  function close(): void {
    open.value = undefined;
    change.reset();
  }
  const create = (
    <Button kind="primary" onClick={() => (open.value = { kind: 'edit', subUser: undefined })}>
      New sub-user
    </Button>
  );
  const shown = open.value;
  return (
    <Page
      title="Sub-users"
      lead="Username and password with limits of their own, for the ProxyMesh and proxies.fo listeners. They draw on your balance."
      actions={create}
    >
      {secret.value !== undefined && <NewSecret secret={secret.value} onClose={() => (secret.value = undefined)} />}
      <Card flush>
        <LoadView of={subUsers}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="No sub-users yet" action={create}>
                Give one to each customer or program, with a cap on what it may use.
              </Empty>
            ) : (
              <Table
                caption="Sub-users"
                rows={data}
                rowKey={({ id }) => id}
                columns={[
                  {
                    title: 'Username',
                    cell: ({ username, email }) => (
                      <>
                        {username}
                        {email !== null && <span class="sub">{email}</span>}
                      </>
                    ),
                  },
                  { title: 'State', cell: ({ limits }) => <CredentialBadge limits={limits} /> },
                  { title: 'Limits', cell: ({ limits }) => <LimitsSummary limits={limits} /> },
                  { title: 'Last used', cell: (row) => <Moment at={row.last_used_at} /> },
                  {
                    title: 'Actions',
                    isActions: true,
                    cell: (subUser) => (
                      <>
                        {(['edit', 'rotate', 'delete'] as const).map((kind) => (
                          <Button
                            key={kind}
                            small
                            kind="quiet"
                            label={
                              kind === 'rotate'
                                ? `New password for ${subUser.username}`
                                : `${verbs[kind]} ${subUser.username}`
                            }
                            onClick={() => (open.value = { kind, subUser })}
                          >
                            {verbs[kind]}
                          </Button>
                        ))}
                      </>
                    ),
                  },
                ]}
              />
            )
          }
        </LoadView>
      </Card>
      {shown?.kind === 'edit' && (
        <SubUserDialog
          of={shown.subUser}
          onClose={close}
          onDone={(made) => {
            if (made !== undefined) secret.value = { what: 'password', name: made.username, text: made.password };
            close();
            subUsers.reload();
          }}
        />
      )}
      {shown !== undefined && shown.kind !== 'edit' && (
        <Confirm
          title={
            shown.kind === 'rotate'
              ? `New password for ${shown.subUser.username}?`
              : `Delete ${shown.subUser.username}?`
          }
          verb={verbs[shown.kind]}
          isBusy={change.isBusy}
          problem={change.problem}
          onClose={close}
          onConfirm={() => change.run(shown.kind, shown.subUser)}
        >
          <p>
            {shown.kind === 'rotate'
              ? 'The old password is refused within 2 seconds, and open tunnels are cut.'
              : 'Every gateway refuses it within 2 seconds, and its open tunnels are cut. This cannot be undone.'}
          </p>
        </Confirm>
      )}
    </Page>
  );
}
