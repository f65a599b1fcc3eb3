import { Key, UpdateKeyRequest } from '@marvel/shared/api/key';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { updateProxyKey } from '../../store/proxy-key.ts';
import { IdParams } from '../id-params.ts';
import { showKey } from './show-key.ts';

export const updateKey = endpoint({
  method: 'PATCH',
  path: '/v1/keys/{id}',
  access: 'session',
  tag: 'Keys',
  summary: 'Change label or limits of a key',
  params: IdParams,
  body: UpdateKeyRequest,
  reply: { status: 200, description: 'The key as it is now.', body: Key },
  failures: [],
  async handle({ params, body: { label, limits }, identity }, { db }) {
    const changes = { ...(label === undefined ? {} : { label }), ...(limits === undefined ? {} : { limits }) };
    const updated = await updateProxyKey(db, identity.accountId, params.id, changes);
    return updated.ok ? ok(showKey(updated.value)) : updated;
  },
});
