import { useSignal } from '@preact/signals';
import type { FleetStatus, Reconciliation } from '@marvel/sdk';
import { formatCount } from '../../format/bytes.ts';
import { formatMoment } from '../../format/time.ts';
import { marvel, operator } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { Notice, ProblemNotice } from '../../ui/notice.tsx';
import { Card } from '../../ui/page.tsx';
import { Bytes } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';
import { say } from '../../ui/toast.tsx';
import { OperatorPage, useOperatorLoad } from './operator-page.tsx';

function Maintenance({ fleet, onChange }: { readonly fleet: FleetStatus; readonly onChange: () => void }) {
  const isAsking = useSignal(false);
  const turn = useAction(async (on: boolean) => {
    await operator.fleet.setMaintenance({ on });
    isAsking.value = false;
    say(on ? 'Maintenance is on' : 'Maintenance is off');
    onChange();
  });
  return (
    <Card
      title="Maintenance"
      aside={<span class={fleet.maintenance ? 'badge warn' : 'badge good'}>{fleet.maintenance ? 'on' : 'off'}</span>}
    >
      <p class="soft">
        While it is on, the API answers 503 to all but operators and gateways. Traffic through the gateways goes on.
      </p>
      {turn.problem !== undefined && !isAsking.value && <ProblemNotice problem={turn.problem} />}
      <div>
        {fleet.maintenance ? (
          <Button kind="primary" isBusy={turn.isBusy} onClick={() => turn.run(false)}>
            Turn it off
          </Button>
        ) : (
          <Button kind="danger" onClick={() => (isAsking.value = true)}>
            Turn it on
          </Button>
        )}
      </div>
      {isAsking.value && (
        <Confirm
          title="Turn maintenance on?"
          verb="Turn it on"
          isBusy={turn.isBusy}
          problem={turn.problem}
          onClose={() => (isAsking.value = false)}
          onConfirm={() => turn.run(true)}
        >
          <p>Every customer's call to the API is refused with 503 until you turn it off.</p>
        </Confirm>
      )}
    </Card>
  );
}

function Policy({ fleet: { policy } }: { readonly fleet: FleetStatus }) {
  return (
    <Card title="Destinations">
      <dl class="facts-list">
        <dt>Ports</dt>
        <dd class="num">{policy.ports.join(', ')}</dd>
        <dt>Allowed beside them</dt>
        <dd class="mono">
          {policy.allow.length === 0 ? 'none' : policy.allow.map(({ host, port }) => `${host}:${port}`).join(', ')}
        </dd>
        <dt>Own addresses</dt>
        <dd class="mono">{policy.own_addresses.length === 0 ? 'none' : policy.own_addresses.join(', ')}</dd>
      </dl>
    </Card>
  );
}

/** What does not add up, read from the whole ledger when it is asked for. */
function Reconcile() {
  const found = useSignal<Reconciliation | undefined>(undefined);
  const read = useAction(async () => {
    found.value = await operator.reconcile();
  });
  const report = found.value;
  return (
    <Card
      title="Ledger check"
      aside={
        <Button small isBusy={read.isBusy} onClick={() => read.run()}>
          {read.isBusy ? 'Reading…' : 'Read the whole ledger'}
        </Button>
      }
    >
      {read.problem !== undefined && <ProblemNotice problem={read.problem} />}
      {report === undefined && read.problem === undefined && (
        <p class="soft">Sums every entry and compares it with every balance.</p>
      )}
      {report?.problems.length === 0 && (
        <Notice tone="good" title="Everything adds up">
          Every balance is the sum of its entries.
        </Notice>
      )}
      {report !== undefined && report.problems.length > 0 && (
        <Table
          caption="What does not add up"
          rows={report.problems}
          rowKey={({ problem, id }) => `${problem} ${id}`}
          columns={[
            { title: 'Problem', cell: ({ problem }) => problem },
            { title: 'Of', cell: ({ id }) => <span class="mono">{id}</span> },
            {
              title: 'Expected',
              right: true,
              cell: ({ expected }) => (expected === null ? '–' : <Bytes value={expected} />),
            },
            { title: 'Found', right: true, cell: (row) => (row.found === null ? '–' : <Bytes value={row.found} />) },
          ]}
        />
      )}
      {report !== undefined && report.anomalies.length > 0 && (
        <Table
          caption="What could not be credited as it said"
          rows={report.anomalies}
          rowKey={({ at, kind, source }) => `${at} ${kind} ${source}`}
          columns={[
            { title: 'Anomaly', cell: ({ kind }) => kind },
            { title: 'From', cell: ({ source }) => <span class="mono">{source}</span> },
            { title: 'When', cell: ({ at }) => formatMoment(at) },
          ]}
        />
      )}
    </Card>
  );
}

function Fleet() {
  const fleet = useOperatorLoad(async (signal) => {
    const [state, status] = await Promise.all([operator.fleet.get({ signal }), marvel.status.get({ signal })]);
    return { state, status };
  });
  return (
    <LoadView of={fleet} lines={6}>
      {({ state, status }) => (
        <>
          {state.size === 0 && (
            <Card>
              <Empty title="No gateway is enrolled" action={<a href="/operator/gateways">Enrol one</a>}>
                Customers can sign up and buy, but there is nothing to connect to.
              </Empty>
            </Card>
          )}
          <dl class="columns stats">
            <div class="card stat">
              <dt>Gateways</dt>
              <dd class="value">
                {formatCount(state.live)}
                <span class="soft"> / {formatCount(state.size)}</span>
              </dd>
              <dd class="note">heard of in the last 30 s</dd>
            </div>
            <div class="card stat">
              <dt>Overspend bound</dt>
              <dd class="value">
                {status.overspend_bound_bytes === null ? '–' : <Bytes value={status.overspend_bound_bytes} />}
              </dd>
              <dd class="note">the most past any balance</dd>
            </div>
            <div class="card stat">
              <dt>Database</dt>
              <dd class="value">{status.database === 'ok' ? 'fine' : 'away'}</dd>
              <dd class="note">feed epoch {formatCount(state.epoch)}</dd>
            </div>
          </dl>
          <div class="columns wide">
            <Maintenance fleet={state} onChange={fleet.reload} />
            <Policy fleet={state} />
          </div>
        </>
      )}
    </LoadView>
  );
}

/** The fleet as a whole. */
export function FleetPage() {
  return (
    <OperatorPage title="Fleet">
      <Fleet />
      <Reconcile />
    </OperatorPage>
  );
}
