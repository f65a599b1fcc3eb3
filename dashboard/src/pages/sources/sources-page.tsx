import { useSignal } from '@preact/signals';
import type { AuthorizedSource, AuthorizedSourceList, SubUser } from '@marvel/sdk';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { useLoad, type Loading } from '../../session/use-load.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { More, useMore } from '../../ui/more.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { Moment } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';
import { say } from '../../ui/toast.tsx';
import { usernameOf, useSubUsers } from '../sub-users/sub-user-select.tsx';
import { LookUp } from './look-up.tsx';
import { SourceDialog } from './source-dialog.tsx';

const pageRows = 50;

interface SourcesProps {
  readonly first: AuthorizedSourceList;
  readonly subUsers: Loading<readonly SubUser[]>;
  readonly onChange: () => void;
}

function Sources({ first, subUsers, onChange }: SourcesProps) {
  const more = useMore(first, async (cursor) => marvel.authorizedSources.list({ limit: pageRows, cursor }));
  const removing = useSignal<AuthorizedSource | undefined>(undefined);
  const remove = useAction(async ({ id, value }: AuthorizedSource) => {
    await marvel.authorizedSources.delete(id);
    removing.value = undefined;
    say(`${value} is no longer authorised`);
    onChange();
  });
  const chosen = removing.value;
  return (
    <>
      <Table
        caption="Authorised sources"
        rows={more.rows}
        rowKey={({ id }) => id}
        columns={[
          {
            title: 'Source',
            cell: ({ kind, value }) => (
              <>
                <span class="mono wrap-any">{value}</span>
                <span class="sub">{kind === 'ip' ? 'IP address' : 'Host name'}</span>
              </>
            ),
          },
          { title: 'Look-up', cell: (source) => <LookUp source={source} /> },
          {
            title: 'Stands for',
            cell: ({ addresses }) =>
              addresses.length === 0 ? (
                <span class="soft">nothing</span>
              ) : (
                addresses.map((address) => (
                  <span class="block mono small" key={address}>
                    {address}
                  </span>
                ))
              ),
          },
          {
            title: 'Limits of',
            cell: ({ sub_user: id }) => (id === null ? 'this account' : usernameOf(subUsers, id)),
          },
          { title: 'Made', cell: (source) => <Moment at={source.created_at} /> },
          {
            title: 'Actions',
            isActions: true,
            cell: (source) => (
              <Button small kind="quiet" label={`Remove ${source.value}`} onClick={() => (removing.value = source)}>
                Remove
              </Button>
            ),
          },
        ]}
      />
      <More of={more} />
      {chosen !== undefined && (
        <Confirm
          title={`Remove ${chosen.value}?`}
          verb="Remove"
          isBusy={remove.isBusy}
          problem={remove.problem}
          onClose={() => {
            removing.value = undefined;
            remove.reset();
          }}
          onConfirm={() => remove.run(chosen)}
        >
          <p>Within 2 seconds its clients need credentials again, and their open tunnels are cut.</p>
        </Confirm>
      )}
    </>
  );
}

/** Addresses and host names whose clients need no credentials. */
export function SourcesPage() {
  const sources = useLoad(async (signal) => marvel.authorizedSources.list({ limit: pageRows }, { signal }));
  const subUsers = useSubUsers();
  const isAdding = useSignal(false);
  const create = (
    <Button kind="primary" onClick={() => (isAdding.value = true)}>
      New source
    </Button>
  );
  return (
    <Page
      title="Authorised sources"
      lead="Clients that come from these addresses need no credentials at the ProxyMesh listener."
      actions={create}
    >
      <Card flush>
        <LoadView of={sources}>
          {(first) =>
            first.data.length === 0 ? (
              <Empty title="No sources yet" action={create}>
                For programs that cannot send a user name and password: authorise the address that they come from.
              </Empty>
            ) : (
              <Sources first={first} subUsers={subUsers} onChange={sources.reload} />
            )
          }
        </LoadView>
      </Card>
      {isAdding.value && (
        <SourceDialog
          subUsers={subUsers}
          onClose={() => (isAdding.value = false)}
          onDone={() => {
            isAdding.value = false;
            sources.reload();
          }}
        />
      )}
    </Page>
  );
}
