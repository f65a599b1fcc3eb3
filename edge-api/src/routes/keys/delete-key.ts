import { endpoint } from '../../http/endpoint.ts';
import { revokeProxyKey } from '../../store/proxy-key.ts';
import { IdParams } from '../id-params.ts';

export const deleteKey = endpoint({
  method: 'DELETE',
  path: '/v1/keys/{id}',
  access: 'session',
  tag: 'Keys',
  summary: 'Revoke a key',
  description: 'Refused by every gateway within 2 s; its open tunnels are cut.',
  params: IdParams,
  reply: { status: 204, description: 'Revoked for good.' },
  failures: [],
  duringMaintenance: true,
  whileSuspended: true,
  async handle({ params, identity }, { db }) {
    return revokeProxyKey(db, identity.accountId, params.id);
  },
});
