import { CreatedKey, CreateKeyRequest } from '@marvel/shared/api/key';
import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { createProxyKey, maxProxyKeys } from '../../store/proxy-key.ts';
import { newId } from '../../store/new-id.ts';
import { pastEnd } from '../past-end.ts';
import { tooMany } from '../too-many.ts';
import { newSecret } from './new-secret.ts';

export const createKey = endpoint({
  method: 'POST',
  path: '/v1/keys',
  access: 'session',
  tag: 'Keys',
  summary: 'Make a key',
  description: 'The key is the proxy username of the Marvel dialect. It is shown once.',
  body: CreateKeyRequest,
  reply: { status: 201, description: 'The key.', body: CreatedKey },
  failures: ['conflict'],
  idempotent: true,
  async handle({ body: { label, limits, mode }, identity, once }, services) {
    const over = pastEnd('limits.expires_at', limits.expires_at, services.nowMs);
    if (over !== undefined) return err(over);
    const id = newId('key');
    const { key, prefix, digest } = await newSecret(mode, services);
    const answer = { id, key, prefix, label, mode, limits };
    const row = { id, accountId: identity.accountId, digest, prefix, label, mode, limits };
    const made = await createProxyKey(services.db, row, await once?.seal(answer));
    if (made.ok) return ok(answer);
    return made.error.code === 'too_many' ? err(tooMany(maxProxyKeys, 'keys')) : err(made.error);
  },
});
