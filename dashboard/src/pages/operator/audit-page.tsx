import { useSignal } from '@preact/signals';
import { operator } from '../../session/api.ts';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/field.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { Card } from '../../ui/page.tsx';
import { AuditTable } from './audit-table.tsx';
import { OperatorPage, useOperatorLoad } from './operator-page.tsx';

const pageRows = 50;

interface Filter {
  readonly action: string;
  readonly target: string;
}
const everything: Filter = { action: '', target: '' };

function given(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function Audit() {
  const typed = useSignal(everything);
  const filter = useSignal(everything);
  const { action, target } = filter.value;
  const asked = { action: given(action), target: given(target), limit: pageRows };
  const entries = useOperatorLoad(async (signal) => operator.audit(asked, { signal }), [action, target]);
  return (
    <>
      <form
        class="cluster low"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          filter.value = { action: typed.value.action.trim(), target: typed.value.target.trim() };
        }}
      >
        <TextField
          label="Action"
          name="action"
          type="search"
          placeholder="account.suspend"
          value={typed.value.action}
          onInput={(value) => (typed.value = { ...typed.value, action: value })}
        />
        <div class="grow">
          <TextField
            label="Done to"
            name="target"
            type="search"
            placeholder="acc_…, gw_…, ext_…"
            value={typed.value.target}
            onInput={(value) => (typed.value = { ...typed.value, target: value })}
          />
        </div>
        <Button kind="primary" type="submit">
          Filter
        </Button>
      </form>
      <Card flush>
        <LoadView of={entries} lines={6}>
          {(first) =>
            first.data.length === 0 ? (
              <Empty title="Nothing was done">
                {filter.value === everything
                  ? 'Every change that an operator makes is written here.'
                  : 'No entry of this action and id. Both are matched as a whole.'}
              </Empty>
            ) : (
              <AuditTable first={first} asked={asked} />
            )
          }
        </LoadView>
      </Card>
    </>
  );
}

/** What operators did, from here, the command line or a program. */
export function AuditLogPage() {
  return (
    <OperatorPage
      title="Audit log"
      lead="Every change by an operator, by whatever means, with the request that made it."
    >
      <Audit />
    </OperatorPage>
  );
}
