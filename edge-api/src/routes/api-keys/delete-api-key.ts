import { endpoint } from '../../http/endpoint.ts';
import { revokeAccountKey } from '../../store/account-key.ts';
import { IdParams } from '../id-params.ts';

export const deleteApiKey = endpoint({
  method: 'DELETE',
  path: '/v1/api-keys/{id}',
  access: 'session',
  tag: 'API keys',
  summary: 'Revoke an API key',
  description: 'Refused from the next request on.',
  params: IdParams,
  reply: { status: 204, description: 'Revoked for good.' },
  failures: [],
  duringMaintenance: true,
  whileSuspended: true,
  async handle({ params, identity }, { db }) {
    return revokeAccountKey(db, identity.accountId, params.id);
  },
});
