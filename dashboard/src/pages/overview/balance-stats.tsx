import type { Usage } from '@marvel/sdk';
import { burnOf } from './burn.ts';
import { formatPlural } from '../../format/bytes.ts';
import { formatDate } from '../../format/time.ts';
import { Bytes } from '../../ui/show.tsx';

const manyDays = 999;

function daysLeftText(days: number): string {
  if (days > manyDays) return `> ${manyDays} days`;
  return days < 1 ? 'less than a day' : formatPlural(Math.floor(days), 'day');
}

/** Balance, burn rate and how long the one lasts at the other. */
export function BalanceStats({ usage }: { readonly usage: Usage }) {
  const nowMs = Date.now();
  const { todayBytes, perDayBytes, daysLeft } = burnOf(usage, nowMs);
  const isEmpty = usage.balance_bytes <= 0;
  return (
    <dl class="columns stats">
      <div class="card stat">
        <dt>Balance</dt>
        <dd class={isEmpty ? 'value bad' : 'value'}>
          <Bytes value={usage.balance_bytes} />
        </dd>
        <dd class="note">
          {isEmpty ? 'Gateways refuse with 402. ' : ''}
          <a href="/billing">Buy more</a>
        </dd>
      </div>
      <div class="card stat">
        <dt>Burn rate</dt>
        <dd class="value">
          <Bytes value={perDayBytes} />
        </dd>
        <dd class="note">a day, over the last 7 days</dd>
      </div>
      <div class="card stat">
        <dt>Lasts for</dt>
        <dd class="value">{daysLeft === undefined ? '–' : daysLeftText(daysLeft)}</dd>
        <dd class="note">
          {daysLeft === undefined
            ? 'nothing was used lately'
            : daysLeft > manyDays
              ? 'at this rate'
              : `at this rate, until ${formatDate(nowMs + daysLeft * 86_400_000)}`}
        </dd>
      </div>
      <div class="card stat">
        <dt>Used today</dt>
        <dd class="value">
          <Bytes value={todayBytes} />
        </dd>
        <dd class="note">since midnight UTC</dd>
      </div>
    </dl>
  );
}
