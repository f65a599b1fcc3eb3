import { endpoint } from '../../http/endpoint.ts';
import { revokeApiKey as revokeStoredApiKey } from '../../store/api-key.ts';
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
    return revokeStoredApiKey(db, identity.accountId, params.id);
  },
});
