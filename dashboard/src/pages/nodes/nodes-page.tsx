import { useSignal } from '@preact/signals';
import { countryName } from '../../format/country.ts';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { useLoad } from '../../session/use-load.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { DialogForm } from '../../ui/dialog-form.tsx';
import { TextField, wrongOf } from '../../ui/field.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { ProblemNotice } from '../../ui/notice.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { GradeBadge, Moment } from '../../ui/show.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { Table } from '../../ui/table.tsx';
import { say } from '../../ui/toast.tsx';

function HoldDialog({ onClose, onDone }: { readonly onClose: () => void; readonly onDone: () => void }) {
  const country = useSignal('');
  const session = useSignal('');
  const purity = useSignal('');
  const hold = useAction(async () => {
    const node = await marvel.nodes.create({
      country: country.value.trim(),
      ...(session.value.trim() === '' ? {} : { session: session.value.trim() }),
      ...(purity.value === '' ? {} : { min_purity: Number(purity.value) }),
    });
    say(`Session ${node.session} holds ${node.exit_ip}`);
    onDone();
  });
  return (
    <Dialog title="Hold an exit" onClose={onClose}>
      <DialogForm action={hold} submit="Hold it" onCancel={onClose}>
        <TextField
          label="Country"
          name="country"
          required
          placeholder="US"
          hint="Two letters."
          value={country.value}
          onInput={(value) => (country.value = value)}
          wrong={wrongOf(hold.problem, 'country')}
        />
        <TextField
          label="Session"
          name="session"
          placeholder="made for you"
          hint="Letters, digits, underscore."
          value={session.value}
          onInput={(value) => (session.value = value)}
          wrong={wrongOf(hold.problem, 'session')}
        />
        <TextField
          label="Least purity"
          name="purity"
          type="number"
          min={0}
          max={100}
          placeholder="any"
          value={purity.value}
          onInput={(value) => (purity.value = value)}
          wrong={wrongOf(hold.problem, 'min_purity')}
        />
      </DialogForm>
    </Dialog>
  );
}

/** Exits that are held under a session name. */
export function NodesPage() {
  const nodes = useLoad(async (signal) => marvel.nodes.list({ signal }));
  const isHolding = useSignal(false);
  const change = useAction(async (kind: 'rotate' | 'release', session: string) => {
    if (kind === 'rotate') {
      const node = await marvel.nodes.rotate(session);
      say(`Session ${session} now has ${node.exit_ip}`);
    } else {
      await marvel.nodes.release(session);
      say(`Released ${session}`);
    }
    nodes.reload();
  });
  const hold = (
    <Button kind="primary" onClick={() => (isHolding.value = true)}>
      Hold an exit
    </Button>
  );
  return (
    <Page
      title="Sticky sessions"
      lead="A session name keeps its exit for 10 minutes at every gateway. Here you hold one before the first request, or give it another exit."
      actions={hold}
    >
      {change.problem !== undefined && <ProblemNotice problem={change.problem} />}
      <Card flush>
        <LoadView of={nodes}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty title="No exit is held" action={hold}>
                A session in the target, such as country-US-session-cart_1, holds one by itself at the gateway.
              </Empty>
            ) : (
              <Table
                caption="Held exits"
                rows={rows}
                rowKey={({ session }) => session}
                columns={[
                  { title: 'Session', cell: ({ session }) => session },
                  {
                    title: 'Exit',
                    cell: ({ exit_ip, asn }) => (
                      <>
                        <span class="mono">{exit_ip}</span>
                        <span class="sub">AS{asn}</span>
                      </>
                    ),
                  },
                  { title: 'Country', cell: ({ country }) => countryName(country) },
                  {
                    title: 'Grade',
                    cell: ({ grade, purity }) => (
                      <>
                        <GradeBadge grade={grade} /> <span class="soft num">{purity}</span>
                      </>
                    ),
                  },
                  { title: 'Held until', cell: (row) => <Moment at={row.expires_at} /> },
                  {
                    title: 'Actions',
                    isActions: true,
                    cell: ({ session, dial }) => (
                      <>
                        <CopyButton text={dial.password} what={`the target of ${session}`} />
                        <Button
                          small
                          kind="quiet"
                          label={`Another exit for ${session}`}
                          onClick={() => change.run('rotate', session)}
                        >
                          Another exit
                        </Button>
                        <Button
                          small
                          kind="quiet"
                          label={`Release ${session}`}
                          onClick={() => change.run('release', session)}
                        >
                          Release
                        </Button>
                      </>
                    ),
                  },
                ]}
              />
            )
          }
        </LoadView>
      </Card>
      {isHolding.value && (
        <HoldDialog
          onClose={() => (isHolding.value = false)}
          onDone={() => {
            isHolding.value = false;
            nodes.reload();
          }}
        />
      )}
    </Page>
  );
}
