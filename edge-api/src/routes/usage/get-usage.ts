import { Usage, UsageQuery } from '@marvel/shared/api/usage';
import { endpoint } from '../../http/endpoint.ts';
import { readAccountUsage } from './account-usage.ts';

export const getUsage = endpoint({
  method: 'GET',
  path: '/v1/usage',
  access: 'session',
  tag: 'Usage',
  summary: 'Balance, and bytes used over time',
  description:
    'Kept by the hour, and counted in whole hours: from the hour that `from` lies in to the last one that begins before `to`. Test keys are left out.',
  query: UsageQuery,
  reply: { status: 200, description: 'The balance, and the rows of the period.', body: Usage },
  failures: [],
  async handle({ query, identity }, services) {
    return readAccountUsage(identity.accountId, query, services);
  },
});
