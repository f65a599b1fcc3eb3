import { useSignal } from '@preact/signals';
import type { Key } from '@marvel/sdk';
import { CredentialBadge, LimitsSummary } from '../../limits/limits-summary.tsx';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { useLoad } from '../../session/use-load.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { Check } from '../../ui/field.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { Moment } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';
import { say } from '../../ui/toast.tsx';
import { KeyDialog } from './key-dialog.tsx';
import { NewSecret, type ShownSecret } from './new-secret.tsx';

type Open =
  | { readonly kind: 'edit'; readonly key: Key | undefined }
  | { readonly kind: 'rotate' | 'revoke'; readonly key: Key }
  | undefined;

function nameOf({ label, prefix }: Key): string {
  return label === '' ? prefix : label;
}

/** API keys: made, limited, rotated, revoked. */
export function KeysPage() {
  const keys = useLoad(async (signal) => marvel.keys.list({ signal }));
  const open = useSignal<Open>(undefined);
  const secret = useSignal<ShownSecret | undefined>(undefined);
  const showsRevoked = useSignal(false);
  const change = useAction(async (kind: 'rotate' | 'revoke', key: Key) => {
    if (kind === 'rotate') {
      const made = await marvel.keys.rotate(key.id);
      secret.value = { what: 'key', name: nameOf(key), text: made.key };
    } else {
      await marvel.keys.revoke(key.id);
      say(`Revoked ${nameOf(key)}`);
    }
    open.value = undefined;
    keys.reload();
  });
  function close(): void {
    open.value = undefined;
    change.reset();
  }
  const create = (
    <Button kind="primary" onClick={() => (open.value = { kind: 'edit', key: undefined })}>
      New key
    </Button>
  );
  const shown = open.value;
  return (
    <Page
      title="Keys"
      lead="A key is the proxy username; the target, such as country-US, is the password."
      actions={create}
    >
      {secret.value !== undefined && <NewSecret secret={secret.value} onClose={() => (secret.value = undefined)} />}
      <Card flush>
        <LoadView of={keys}>
          {(all) => {
            const rows = all.filter((key) => showsRevoked.value || key.revoked_at === null);
            const revoked = all.filter((key) => key.revoked_at !== null).length;
            return (
              <>
                {rows.length === 0 ? (
                  <Empty title="No keys yet" action={create}>
                    Make one for each program that uses the proxy, so that each can be limited and revoked by itself.
                  </Empty>
                ) : (
                  <Table
                    caption="Keys"
                    rows={rows}
                    rowKey={({ id }) => id}
                    columns={[
                      {
                        title: 'Key',
                        cell: (key) => (
                          <>
                            {nameOf(key)}
                            <span class="sub mono">{key.prefix}…</span>
                          </>
                        ),
                      },
                      {
                        title: 'State',
                        cell: (key) => (
                          <>
                            <CredentialBadge limits={key.limits} isRevoked={key.revoked_at !== null} />{' '}
                            {key.mode === 'test' && <span class="badge info">test</span>}
                          </>
                        ),
                      },
                      { title: 'Limits', cell: ({ limits }) => <LimitsSummary limits={limits} /> },
                      { title: 'Last used', cell: (key) => <Moment at={key.last_used_at} /> },
                      { title: 'Made', cell: (key) => <Moment at={key.created_at} /> },
                      {
                        title: 'Actions',
                        isActions: true,
                        cell: (key) =>
                          key.revoked_at === null && (
                            <>
                              {(['edit', 'rotate', 'revoke'] as const).map((kind) => (
                                <Button
                                  key={kind}
                                  small
                                  kind="quiet"
                                  label={`${verbs[kind]} ${nameOf(key)}`}
                                  onClick={() => (open.value = { kind, key })}
                                >
                                  {verbs[kind]}
                                </Button>
                              ))}
                            </>
                          ),
                      },
                    ]}
                  />
                )}
                {revoked > 0 && (
                  <div class="table-foot">
                    <Check
                      label={`Show revoked keys (${revoked})`}
                      checked={showsRevoked.value}
                      onChange={(checked) => (showsRevoked.value = checked)}
                    />
                  </div>
                )}
              </>
            );
          }}
        </LoadView>
      </Card>
      {shown?.kind === 'edit' && (
        <KeyDialog
          of={shown.key}
          onClose={close}
          onDone={(made) => {
            if (made !== undefined)
              secret.value = { what: 'key', name: made.label === '' ? made.prefix : made.label, text: made.key };
            close();
            keys.reload();
          }}
        />
      )}
      {shown?.kind === 'rotate' && (
        <Confirm
          title={`Rotate ${nameOf(shown.key)}?`}
          verb="Rotate"
          isBusy={change.isBusy}
          problem={change.problem}
          onClose={close}
          onConfirm={() => change.run('rotate', shown.key)}
        >
          <p>
            You get a new key with the same label and limits. The old one is refused within 2 seconds, and its open
            tunnels are cut.
          </p>
        </Confirm>
      )}
      {shown?.kind === 'revoke' && (
        <Confirm
          title={`Revoke ${nameOf(shown.key)}?`}
          verb="Revoke"
          isBusy={change.isBusy}
          problem={change.problem}
          onClose={close}
          onConfirm={() => change.run('revoke', shown.key)}
        >
          <p>Every gateway refuses it within 2 seconds, and its open tunnels are cut. This cannot be undone.</p>
        </Confirm>
      )}
    </Page>
  );
}

const verbs = { edit: 'Edit', rotate: 'Rotate', revoke: 'Revoke' } as const;
