import { marvel } from '../../session/api.ts';
import { useLoad } from '../../session/use-load.ts';
import { dayMs } from '../../format/time.ts';
import { LoadView } from '../../ui/load-view.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { BalanceStats } from './balance-stats.tsx';
import { FirstSteps } from './first-steps.tsx';
import { TodaysErrors } from './todays-errors.tsx';
import { UsageChart } from '../usage/usage-chart.tsx';

const shownDays = 30;

/** How the account is: what is left, how fast it goes, and what went wrong today. */
export function OverviewPage() {
  const from = new Date(Math.floor(Date.now() / dayMs) * dayMs - (shownDays - 1) * dayMs);
  const usage = useLoad(async (signal) => marvel.usage.get({ from, group_by: 'day' }, { signal }));
  const keys = useLoad(async (signal) => marvel.keys.list({ signal }));
  return (
    <Page title="Overview">
      <LoadView of={usage}>
        {(value) => (
          <>
            <BalanceStats usage={value} />
            <FirstSteps usage={value} keys={keys} />
            <Card title="Last 30 days" aside={<a href="/usage">All usage</a>}>
              <UsageChart usage={value} bucket="day" />
            </Card>
          </>
        )}
      </LoadView>
      <TodaysErrors keys={keys} />
    </Page>
  );
}
