import { useSignal } from '@preact/signals';
import type { RejectionPage } from '@marvel/sdk';
import { failureCodes, type FailureCode } from '@marvel/shared/failures';
import { dayMs } from '../../format/time.ts';
import { marvel } from '../../session/api.ts';
import { useLoad } from '../../session/use-load.ts';
import { CsvButton } from '../../ui/csv-button.tsx';
import { Segmented, SelectField } from '../../ui/field.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { More, useMore } from '../../ui/more.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { RejectionTable } from './rejection-table.tsx';

const spans = [
  ['1', 'Day'],
  ['7', 'Week'],
  ['30', 'Month'],
] as const;
const pageRows = 50;

interface Asked {
  readonly from: Date;
  readonly code?: FailureCode;
}

function Rows({ first, asked }: { readonly first: RejectionPage; readonly asked: Asked }) {
  const keys = useLoad(async (signal) => marvel.keys.list({ signal }));
  const subUsers = useLoad(async (signal) => marvel.subUsers.list({ signal }));
  const more = useMore(first, async (cursor) => marvel.rejections.list({ ...asked, limit: pageRows, cursor }));
  return (
    <>
      <RejectionTable
        rows={more.rows}
        keys={keys.current.state === 'loading' ? undefined : keys.current.state === 'ready' ? keys.current.value : []}
        subUsers={subUsers.current.state === 'ready' ? subUsers.current.value.data : []}
      />
      <More of={more} />
    </>
  );
}

/** What the gateways refused, by code and credential, with what fixes it. */
export function RejectionsPage() {
  const days = useSignal('7');
  const code = useSignal('');
  const chosen = failureCodes.find((one) => one === code.value);
  const asked: Asked = {
    from: new Date(Date.now() - Number(days.value) * dayMs),
    ...(chosen === undefined ? {} : { code: chosen }),
  };
  const rejections = useLoad(
    async (signal) => marvel.rejections.list({ ...asked, limit: pageRows }, { signal }),
    [days.value, code.value],
  );
  return (
    <Page
      title="Rejections"
      lead="Requests that the gateways refused, by error and credential. A refused request costs no bytes."
      actions={<CsvButton name="rejections" read={async (cursor) => marvel.rejections.csv({ ...asked, cursor })} />}
    >
      <div class="cluster low">
        <Segmented
          label="Period"
          name="period"
          value={days.value}
          onChange={(value) => (days.value = value)}
          options={spans}
        />
        <SelectField
          label="Error"
          name="code"
          value={code.value}
          onChange={(value) => (code.value = value)}
          options={[['', 'All errors'], ...failureCodes.map((one) => [one, one] as const)]}
        />
      </div>
      <Card flush>
        <LoadView of={rejections} lines={6}>
          {(first) =>
            first.data.length === 0 ? (
              <Empty title="Nothing was refused">No gateway refused a request of yours in this period.</Empty>
            ) : (
              <Rows first={first} asked={asked} />
            )
          }
        </LoadView>
      </Card>
    </Page>
  );
}
