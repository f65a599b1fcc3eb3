import type { Key } from '@marvel/sdk';
import { dayMs } from '../../format/time.ts';
import { marvel } from '../../session/api.ts';
import { useLoad, type Loading } from '../../session/use-load.ts';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { Card } from '../../ui/page.tsx';
import { RejectionTable } from '../rejections/rejection-table.tsx';

const shownRows = 5;

/** What the gateways refused since midnight, and what fixes it. */
export function TodaysErrors({ keys }: { readonly keys: Loading<readonly Key[]> }) {
  const from = new Date(Math.floor(Date.now() / dayMs) * dayMs);
  const rejections = useLoad(async (signal) => marvel.rejections.list({ from, limit: shownRows }, { signal }));
  const named = keys.current.state === 'loading' ? undefined : keys.current.state === 'ready' ? keys.current.value : [];
  return (
    <Card title="Today’s errors" aside={<a href="/rejections">All rejections</a>} flush>
      <LoadView of={rejections}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="Nothing was refused today">Refused requests appear here with what fixes them.</Empty>
          ) : (
            <RejectionTable rows={data} keys={named} subUsers={[]} />
          )
        }
      </LoadView>
    </Card>
  );
}
