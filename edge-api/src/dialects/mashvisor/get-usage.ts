import { Usage, UsageQuery, UsageRow } from '@marvel/shared/api/usage';
import { Count } from '@marvel/shared/units';
import { ok } from '@marvel/shared/result';
import * as v from 'valibot';
import { endpoint } from '../../http/endpoint.ts';
import { readAccountUsage } from '../../routes/usage/account-usage.ts';

const { data: _data, ...totals } = Usage.entries;

export const getUsage = endpoint({
  method: 'GET',
  path: '/dialects/mashvisor/v1.1/client/usage',
  access: 'account',
  tag: 'Mashvisor',
  summary: 'Balance, and bytes used over time',
  query: v.object(UsageQuery.entries),
  reply: {
    status: 200,
    description: 'The balance, and the rows of the period.',
    body: v.strictObject({ ...totals, count: Count, results: v.array(UsageRow) }),
  },
  failures: [],
  async handle({ query, identity }, services) {
    const read = await readAccountUsage(identity.accountId, query, services);
    if (!read.ok) return read;
    const { data: results, ...rest } = read.value;
    return ok({ ...rest, count: results.length, results });
  },
});
