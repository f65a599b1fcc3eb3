import { endpoint } from '../../http/endpoint.ts';
import { revokeSession as revokeStoredSession } from '../../store/session.ts';
import { IdParams } from '../id-params.ts';

export const revokeSession = endpoint({
  method: 'DELETE',
  path: '/v1/sessions/{id}',
  access: 'session',
  tag: 'Account',
  summary: 'End a session',
  params: IdParams,
  reply: { status: 204, description: 'Its token is refused from now on.' },
  failures: [],
  duringMaintenance: true,
  whileSuspended: true,
  async handle({ params, identity }, { db }) {
    return revokeStoredSession(db, identity.accountId, params.id);
  },
});
