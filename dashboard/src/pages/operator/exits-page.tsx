import { useSignal } from '@preact/signals';
import type { OperatorExit, OperatorExitList } from '@marvel/sdk';
import { countryName } from '../../format/country.ts';
import { operator } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { TextAreaField } from '../../ui/field.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { More, useMore } from '../../ui/more.tsx';
import { ProblemNotice } from '../../ui/notice.tsx';
import { Card } from '../../ui/page.tsx';
import { GradeBadge, Moment } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';
import { say } from '../../ui/toast.tsx';
import { readExitLines } from './exit-lines.ts';
import { importExits, type ImportedLine } from './import-exits.ts';
import { OperatorPage, useOperatorLoad } from './operator-page.tsx';

const pageRows = 50;
const outcomes = ['added', 'updated', 'dropped', 'invalid', 'unreadable'] as const;
const outcomeTones = { added: 'good', updated: 'info', dropped: 'warn', invalid: 'bad', unreadable: 'bad' } as const;

function Report({ lines }: { readonly lines: readonly ImportedLine[] }) {
  const counts = outcomes
    .map((outcome) => ({ outcome, count: lines.filter((line) => line.outcome === outcome).length }))
    .filter(({ count }) => count > 0);
  const troubled = lines.filter(({ error }) => error !== null);
  return (
    <div class="stack tight" role="status">
      <div class="cluster">
        {counts.map(({ outcome, count }) => (
          <span class={`badge ${outcomeTones[outcome]}`} key={outcome}>
            {count} {outcome}
          </span>
        ))}
      </div>
      {troubled.length > 0 && (
        <Table
          caption="Lines that were not taken"
          rows={troubled}
          rowKey={({ line }) => String(line)}
          columns={[
            { title: 'Line', cell: ({ line }) => line },
            {
              title: 'Outcome',
              cell: ({ outcome }) => <span class={`badge ${outcomeTones[outcome]}`}>{outcome}</span>,
            },
            {
              title: 'Why',
              cell: ({ outcome, error }) => (outcome === 'dropped' ? `refused by the gate ${error ?? ''}` : error),
            },
          ]}
        />
      )}
    </div>
  );
}

function ImportForm({ onDone }: { readonly onDone: () => void }) {
  const text = useSignal('');
  const done = useSignal<{ readonly count: number; readonly of: number } | undefined>(undefined);
  const report = useSignal<readonly ImportedLine[] | undefined>(undefined);
  const read = useAction(async (file: File) => {
    text.value = await file.text();
  });
  const run = useAction(async () => {
    const lines = readExitLines(text.value);
    report.value = undefined;
    done.value = { count: 0, of: lines.length };
    try {
      report.value = await importExits(
        lines,
        async (exits) => operator.exits.import(exits),
        (count) => (done.value = { count, of: lines.length }),
      );
    } finally {
      done.value = undefined;
    }
    onDone();
  });
  return (
    <Card title="Import exits">
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          run.run();
        }}
      >
        <label class="field">
          <span class="legend">File</span>
          <input
            class="input"
            type="file"
            accept=".json,.jsonl,.ndjson,application/json"
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              if (file !== undefined) read.run(file);
            }}
          />
        </label>
        <TextAreaField
          label="Exits"
          name="exits"
          required
          placeholder='{"network":"residential","country":"US","asn":64496,"exit_ip":"…","transport":{…},"expires_at":"…","evidence":{…}}'
          hint={
            <>
              A JSON array, or one object a line, each with what probing showed. Each line is judged by itself.{' '}
              <a href="/docs/operate/exits" target="_blank" rel="noopener">
                What a line holds
              </a>
            </>
          }
          value={text.value}
          onInput={(value) => (text.value = value)}
        />
        {done.value !== undefined && (
          <progress max={done.value.of} value={done.value.count} aria-label="Imported lines">
            {done.value.count} of {done.value.of}
          </progress>
        )}
        {read.problem !== undefined && <ProblemNotice problem={read.problem} />}
        {run.problem !== undefined && <ProblemNotice problem={run.problem} />}
        {report.value !== undefined && <Report lines={report.value} />}
        <div>
          <Button kind="primary" type="submit" isBusy={run.isBusy}>
            {run.isBusy ? 'Importing…' : 'Import'}
          </Button>
        </div>
      </form>
    </Card>
  );
}

function ExitTable({ first, onChange }: { readonly first: OperatorExitList; readonly onChange: () => void }) {
  const more = useMore(first, async (cursor) => operator.exits.list({ limit: pageRows, cursor }));
  const dropping = useSignal<OperatorExit | undefined>(undefined);
  const drop = useAction(async ({ id, exit_ip }: OperatorExit) => {
    await operator.exits.drop(id);
    dropping.value = undefined;
    say(`Dropped ${exit_ip}`);
    onChange();
  });
  const chosen = dropping.value;
  return (
    <>
      <Table
        caption="Exits"
        rows={more.rows}
        rowKey={({ id }) => id}
        columns={[
          {
            title: 'Exit',
            cell: ({ exit_ip, asn, id }) => (
              <>
                <span class="mono">{exit_ip}</span>
                <span class="sub">
                  AS{asn} · {id}
                </span>
              </>
            ),
          },
          {
            title: 'Place',
            cell: ({ country, city, network }) => (
              <>
                {countryName(country)}
                <span class="sub">{[city, network].filter((part) => part !== null).join(' · ')}</span>
              </>
            ),
          },
          {
            title: 'Grade',
            cell: ({ grade, purity }) => (
              <>
                <GradeBadge grade={grade} /> <span class="soft num">{purity}</span>
              </>
            ),
          },
          {
            title: 'State',
            cell: (row) => <span class={row.is_live ? 'badge good' : 'badge'}>{row.is_live ? 'live' : 'expired'}</span>,
          },
          {
            title: 'Reached through',
            cell: ({ transport }) => (
              <span class="mono small">{`${transport.type} ${transport.host}:${transport.port}`}</span>
            ),
          },
          { title: 'Until', cell: (row) => <Moment at={row.expires_at} /> },
          {
            title: 'Actions',
            isActions: true,
            cell: (row) => (
              <Button
                small
                kind="quiet"
                label={`Drop ${row.exit_ip}, ${row.id}`}
                onClick={() => (dropping.value = row)}
              >
                Drop
              </Button>
            ),
          },
        ]}
      />
      <More of={more} />
      {chosen !== undefined && (
        <Confirm
          title={`Drop ${chosen.exit_ip}?`}
          verb="Drop"
          isBusy={drop.isBusy}
          problem={drop.problem}
          onClose={() => {
            dropping.value = undefined;
            drop.reset();
          }}
          onConfirm={() => drop.run(chosen)}
        >
          <p>No gateway dials it any more, and its sessions get another exit. It can be imported again.</p>
        </Confirm>
      )}
    </>
  );
}

function Exits() {
  const exits = useOperatorLoad(async (signal) => operator.exits.list({ limit: pageRows }, { signal }));
  return (
    <>
      <ImportForm onDone={exits.reload} />
      <Card title="Reserve" flush>
        <LoadView of={exits} lines={6}>
          {(first) =>
            first.data.length === 0 ? (
              <Empty title="The Reserve is empty">Import exits above: gateways answer 503 until there are some.</Empty>
            ) : (
              <ExitTable first={first} onChange={exits.reload} />
            )
          }
        </LoadView>
      </Card>
    </>
  );
}

/** The exits of the Reserve. */
export function ExitsPage() {
  return (
    <OperatorPage title="Exits">
      <Exits />
    </OperatorPage>
  );
}
