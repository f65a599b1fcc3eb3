import { SubUserList } from '@marvel/shared/api/sub-user';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listSubUsers as listStoredSubUsers } from '../../store/sub-user.ts';
import { showSubUser } from './show-sub-user.ts';

export const listSubUsers = endpoint({
  method: 'GET',
  path: '/v1/sub-users',
  access: 'session',
  tag: 'Sub-users',
  summary: 'List the sub-users',
  reply: { status: 200, description: 'Newest first.', body: SubUserList },
  failures: [],
  async handle({ identity }, { db }) {
    const listed = await listStoredSubUsers(db, identity.accountId);
    return listed.ok ? ok({ data: listed.value.map(showSubUser), next_cursor: null }) : listed;
  },
});
