import { endpoint } from '../../http/endpoint.ts';
import { deleteSubUser as deleteStoredSubUser } from '../../store/sub-user.ts';
import { IdParams } from '../id-params.ts';

export const deleteSubUser = endpoint({
  method: 'DELETE',
  path: '/v1/sub-users/{id}',
  access: 'session',
  tag: 'Sub-users',
  summary: 'Delete a sub-user',
  description: 'Refused by every gateway within 2 s; its open tunnels are cut. The name is free again.',
  params: IdParams,
  reply: { status: 204, description: 'Deleted.' },
  failures: [],
  duringMaintenance: true,
  whileSuspended: true,
  async handle({ params, identity }, { db }) {
    return deleteStoredSubUser(db, identity.accountId, params.id);
  },
});
