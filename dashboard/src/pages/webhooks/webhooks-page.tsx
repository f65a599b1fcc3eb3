import { useSignal } from '@preact/signals';
import type { WebhookEndpoint } from '@marvel/sdk';
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
import { Deliveries } from './deliveries.tsx';
import { EndpointDialog } from './endpoint-dialog.tsx';
import { LowBalances } from './low-balances.tsx';

type Open =
  | { readonly kind: 'edit'; readonly endpoint: WebhookEndpoint | undefined }
  | { readonly kind: 'rotate' | 'delete'; readonly endpoint: WebhookEndpoint }
  | undefined;

const verbs = { edit: 'Edit', rotate: 'New secret', delete: 'Delete' } as const;

function StatusBadge({ status, disabled_reason, failing_since }: WebhookEndpoint) {
  if (status === 'disabled') {
    return <span class="badge bad">{disabled_reason === 'failing' ? 'off: it kept failing' : 'off'}</span>;
  }
  return failing_since === null ? <span class="badge good">on</span> : <span class="badge warn">failing</span>;
}

/** Where the account hears of what happens to it, and what was sent there. */
export function WebhooksPage() {
  const endpoints = useLoad(async (signal) => marvel.webhookEndpoints.list({ signal }));
  const open = useSignal<Open>(undefined);
  const secret = useSignal<ShownSecret | undefined>(undefined);
  const change = useAction(async (kind: 'rotate' | 'delete', { id, url }: WebhookEndpoint) => {
    if (kind === 'rotate') {
      const made = await marvel.webhookEndpoints.rotate(id);
      secret.value = { what: 'secret', name: url, text: made.secret, advice: 'The old one is good for a day more.' };
    } else {
      await marvel.webhookEndpoints.delete(id);
      say('The endpoint is deleted');
    }
    open.value = undefined;
    endpoints.reload();
  });
  function close(): void {
    open.value = undefined;
    change.reset();
  }
  const create = (
    <Button kind="primary" onClick={() => (open.value = { kind: 'edit', endpoint: undefined })}>
      New endpoint
    </Button>
  );
  const shown = open.value;
  return (
    <Page
      title="Webhooks"
      lead="Signed messages to your own servers: payments, caps, a low balance, keys used from new addresses."
      actions={create}
    >
      {secret.value !== undefined && <NewSecret secret={secret.value} onClose={() => (secret.value = undefined)} />}
      <Card title="Endpoints" flush>
        <LoadView of={endpoints}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="No endpoints yet" action={create}>
                Each message is signed with the endpoint's own secret; the SDK's verifyWebhook() checks it.
              </Empty>
            ) : (
              <Table
                caption="Endpoints"
                rows={data}
                rowKey={({ id }) => id}
                columns={[
                  {
                    title: 'Endpoint',
                    cell: ({ url, description }) => (
                      <>
                        <span class="wrap-any">{url}</span>
                        {description !== '' && <span class="sub">{description}</span>}
                      </>
                    ),
                  },
                  { title: 'State', cell: (row) => <StatusBadge {...row} /> },
                  { title: 'Events', cell: ({ events }) => (events === null ? 'all' : events.join(', ')) },
                  { title: 'Made', cell: (row) => <Moment at={row.created_at} /> },
                  {
                    title: 'Actions',
                    isActions: true,
                    cell: (endpoint) => (
                      <>
                        {(['edit', 'rotate', 'delete'] as const).map((kind) => (
                          <Button
                            key={kind}
                            small
                            kind="quiet"
                            label={`${verbs[kind]}: ${endpoint.url}`}
                            onClick={() => (open.value = { kind, endpoint })}
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
      <LowBalances />
      <Deliveries />
      {shown?.kind === 'edit' && (
        <EndpointDialog
          of={shown.endpoint}
          onClose={close}
          onDone={(made) => {
            if (made !== undefined) secret.value = { what: 'secret', name: made.url, text: made.secret };
            close();
            endpoints.reload();
          }}
        />
      )}
      {shown !== undefined && shown.kind !== 'edit' && (
        <Confirm
          title={shown.kind === 'rotate' ? 'New secret?' : 'Delete this endpoint?'}
          verb={verbs[shown.kind]}
          isBusy={change.isBusy}
          problem={change.problem}
          onClose={close}
          onConfirm={() => change.run(shown.kind, shown.endpoint)}
        >
          <p class="wrap-any">{shown.endpoint.url}</p>
          <p>
            {shown.kind === 'rotate'
              ? 'For a day every message is signed with both secrets, so that nothing is lost while you change it.'
              : 'Messages that are still to be tried are given up.'}
          </p>
        </Confirm>
      )}
    </Page>
  );
}
