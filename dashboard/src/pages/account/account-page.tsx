import { useSignal } from '@preact/signals';
import type { SessionList } from '@marvel/sdk';
import { formatDate, formatMoment } from '../../format/time.ts';
import { marvel } from '../../session/api.ts';
import { endSession } from '../../session/session.ts';
import { useAction } from '../../session/use-action.ts';
import { useLoad } from '../../session/use-load.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { TextField, wrongOf } from '../../ui/field.tsx';
import { LoadView } from '../../ui/load-view.tsx';
import { More, useMore } from '../../ui/more.tsx';
import { ProblemNotice } from '../../ui/notice.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { Moment } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';
import { say } from '../../ui/toast.tsx';

const pageRows = 20;

function PasswordForm({ onChanged }: { readonly onChanged: () => void }) {
  const current = useSignal('');
  const next = useSignal('');
  const change = useAction(async () => {
    await marvel.me.update({ password: next.value, current_password: current.value });
    current.value = '';
    next.value = '';
    say('The password is changed; every other session has ended');
    onChanged();
  });
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        change.run();
      }}
    >
      {change.problem !== undefined && <ProblemNotice problem={change.problem} />}
      <TextField
        label="Current password"
        name="current_password"
        type="password"
        autocomplete="current-password"
        required
        value={current.value}
        onInput={(value) => (current.value = value)}
        wrong={wrongOf(change.problem, 'current_password')}
      />
      <TextField
        label="New password"
        name="password"
        type="password"
        autocomplete="new-password"
        required
        minLength={8}
        hint="At least 8 characters. Every other session ends."
        value={next.value}
        onInput={(value) => (next.value = value)}
        wrong={wrongOf(change.problem, 'password')}
      />
      <div>
        <Button kind="primary" type="submit" isBusy={change.isBusy}>
          Change the password
        </Button>
      </div>
    </form>
  );
}

function Sessions({ first, onChange }: { readonly first: SessionList; readonly onChange: () => void }) {
  const more = useMore(first, async (cursor) => marvel.sessions.list({ limit: pageRows, cursor }));
  const end = useAction(async (id: string) => {
    await marvel.sessions.revoke(id);
    say('That session has ended');
    onChange();
  });
  return (
    <>
      {end.problem !== undefined && <ProblemNotice problem={end.problem} />}
      <Table
        caption="Sign-ins that have not ended"
        rows={more.rows}
        rowKey={({ id }) => id}
        columns={[
          {
            title: 'Signed in',
            cell: ({ created_at, current }) => (
              <>
                <span class="nowrap">{formatMoment(created_at)}</span>{' '}
                {current && <span class="badge accent">this one</span>}
              </>
            ),
          },
          { title: 'Last seen', cell: (row) => <Moment at={row.last_seen_at} /> },
          { title: 'Ends', cell: (row) => <Moment at={row.expires_at} /> },
          {
            title: 'Actions',
            isActions: true,
            cell: ({ id, current, created_at }) =>
              !current && (
                <Button
                  small
                  kind="quiet"
                  isBusy={end.isBusy}
                  label={`End the session of ${formatMoment(created_at)}`}
                  onClick={() => end.run(id)}
                >
                  End
                </Button>
              ),
          },
        ]}
      />
      <More of={more} />
    </>
  );
}

/** Who is signed in where, and the password. */
export function AccountPage() {
  const me = useLoad(async (signal) => marvel.me.get({ signal }));
  const sessions = useLoad(async (signal) => marvel.sessions.list({ limit: pageRows }, { signal }));
  const isAsking = useSignal(false);
  const endAll = useAction(async () => {
    await marvel.sessions.end({ all: true });
    endSession('signed_out');
  });
  return (
    <Page title="Sign-in and sessions">
      <div class="columns wide">
        <Card title="Account">
          <LoadView of={me} lines={3}>
            {({ email, account_id, created_at }) => (
              <dl class="facts-list">
                <dt>E-mail</dt>
                <dd>{email}</dd>
                <dt>Account</dt>
                <dd class="mono">{account_id}</dd>
                <dt>Since</dt>
                <dd>{formatDate(created_at)}</dd>
              </dl>
            )}
          </LoadView>
        </Card>
        <Card title="Password">
          <PasswordForm onChanged={sessions.reload} />
        </Card>
      </div>
      <Card
        title="Sessions"
        flush
        aside={
          <Button small kind="danger" onClick={() => (isAsking.value = true)}>
            Sign out everywhere
          </Button>
        }
      >
        <LoadView of={sessions}>{(first) => <Sessions first={first} onChange={sessions.reload} />}</LoadView>
      </Card>
      {isAsking.value && (
        <Confirm
          title="Sign out everywhere?"
          verb="Sign out everywhere"
          isBusy={endAll.isBusy}
          problem={endAll.problem}
          onClose={() => (isAsking.value = false)}
          onConfirm={() => endAll.run()}
        >
          <p>Every session ends, this one too. Keys go on working.</p>
        </Confirm>
      )}
    </Page>
  );
}
