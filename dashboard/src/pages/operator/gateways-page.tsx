import { useSignal } from '@preact/signals';
import type { OperatorGateway } from '@marvel/sdk';
import { formatCount } from '../../format/bytes.ts';
import { operator } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { DialogForm } from '../../ui/dialog-form.tsx';
import { TextAreaField, TextField, wrongOf } from '../../ui/field.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { Card } from '../../ui/page.tsx';
import { Moment } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';
import { say } from '../../ui/toast.tsx';
import { NewSecret, type ShownSecret } from '../keys/new-secret.tsx';
import { OperatorPage, useOperatorLoad } from './operator-page.tsx';
import { readPublicKey } from './public-key.ts';

function EnrolDialog({
  onClose,
  onDone,
}: {
  readonly onClose: () => void;
  readonly onDone: (secret: ShownSecret) => void;
}) {
  const name = useSignal('');
  const key = useSignal('');
  const wrongKey = useSignal<string | undefined>(undefined);
  const enrol = useAction(async () => {
    const read = readPublicKey(key.value);
    wrongKey.value = read.ok ? undefined : read.error;
    if (!read.ok) return;
    const made = await operator.gateways.enrol({ name: name.value, public_key: read.value });
    onDone({ what: 'token', name: made.name, text: made.token, advice: 'It is GATEWAY_TOKEN of the gateway.' });
  });
  return (
    <Dialog title="Enrol a gateway" onClose={onClose}>
      <DialogForm action={enrol} submit="Enrol" onCancel={onClose}>
        <TextField
          label="Name"
          name="name"
          required
          placeholder="fra-1"
          value={name.value}
          onInput={(value) => (name.value = value)}
          wrong={wrongOf(enrol.problem, 'name')}
        />
        <TextAreaField
          label="Public key"
          name="public_key"
          required
          placeholder='{"kty":"OKP","crv":"Ed25519","x":"…"}'
          hint="The Ed25519 JWK that the gateway signs its batches with: its public half only."
          value={key.value}
          onInput={(value) => (key.value = value)}
          wrong={wrongKey.value ?? wrongOf(enrol.problem, 'public_key')}
        />
      </DialogForm>
    </Dialog>
  );
}

function Gateways({ onEnrol, times }: { readonly onEnrol: () => void; readonly times: number }) {
  const gateways = useOperatorLoad(async (signal) => operator.gateways.list({ signal }), [times]);
  const revoking = useSignal<OperatorGateway | undefined>(undefined);
  const revoke = useAction(async ({ id, name }: OperatorGateway) => {
    await operator.gateways.revoke(id);
    revoking.value = undefined;
    say(`Revoked ${name}`);
    gateways.reload();
  });
  const chosen = revoking.value;
  return (
    <Card flush>
      <LoadView of={gateways}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="No gateway is enrolled" action={<Button onClick={onEnrol}>Enrol a gateway</Button>}>
              Each gateway has a token of its own, and signs what it bills.
            </Empty>
          ) : (
            <Table
              caption="Gateways"
              rows={data}
              rowKey={({ id }) => id}
              columns={[
                {
                  title: 'Gateway',
                  cell: ({ id, name }) => (
                    <>
                      {name}
                      <span class="sub mono">{id}</span>
                    </>
                  ),
                },
                { title: 'Version', cell: (row) => row.version ?? '–' },
                { title: 'Last batch', cell: (row) => <Moment at={row.last_seen_at} /> },
                { title: 'Feed read', cell: (row) => <Moment at={row.feed_seen_at} /> },
                { title: 'Cursor', right: true, cell: (row) => row.feed_cursor ?? '–' },
                { title: 'Tunnels', right: true, cell: (row) => formatCount(row.open_tunnels) },
                { title: 'Enrolled', cell: (row) => <Moment at={row.enrolled_at} /> },
                {
                  title: 'Actions',
                  isActions: true,
                  cell: (row) => (
                    <Button small kind="quiet" label={`Revoke ${row.name}`} onClick={() => (revoking.value = row)}>
                      Revoke
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </LoadView>
      {chosen !== undefined && (
        <Confirm
          title={`Revoke ${chosen.name}?`}
          verb="Revoke"
          isBusy={revoke.isBusy}
          problem={revoke.problem}
          onClose={() => {
            revoking.value = undefined;
            revoke.reset();
          }}
          onConfirm={() => revoke.run(chosen)}
        >
          <p>
            Its token is refused from now on, and what it holds of budgets is free for others. This cannot be undone.
          </p>
        </Confirm>
      )}
    </Card>
  );
}

/** The gateways of the fleet. */
export function GatewaysPage() {
  const isEnrolling = useSignal(false);
  const secret = useSignal<ShownSecret | undefined>(undefined);
  const times = useSignal(0);
  return (
    <OperatorPage
      title="Gateways"
      actions={
        <Button kind="primary" onClick={() => (isEnrolling.value = true)}>
          Enrol a gateway
        </Button>
      }
    >
      {secret.value !== undefined && <NewSecret secret={secret.value} onClose={() => (secret.value = undefined)} />}
      <Gateways onEnrol={() => (isEnrolling.value = true)} times={times.value} />
      {isEnrolling.value && (
        <EnrolDialog
          onClose={() => (isEnrolling.value = false)}
          onDone={(made) => {
            secret.value = made;
            isEnrolling.value = false;
            times.value += 1;
          }}
        />
      )}
    </OperatorPage>
  );
}
