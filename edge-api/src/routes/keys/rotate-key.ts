import { CreatedKey } from '@marvel/shared/api/key';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { findProxyKey, rotateProxyKey } from '../../store/proxy-key.ts';
import { IdParams } from '../id-params.ts';
import { newSecret } from './new-secret.ts';

export const rotateKey = endpoint({
  method: 'POST',
  path: '/v1/keys/{id}/rotate',
  access: 'session',
  tag: 'Keys',
  summary: 'Replace the secret of a key',
  description: 'Id, label, limits and what was spent stay; the old secret is refused from now on.',
  params: IdParams,
  reply: { status: 201, description: 'The key with its new secret, shown once.', body: CreatedKey },
  failures: [],
  idempotent: true,
  async handle({ params, identity, once }, services) {
    const found = await findProxyKey(services.db, identity.accountId, params.id);
    if (!found.ok) return found;
    const { id, label, limits, mode } = found.value;
    const { key, prefix, digest } = await newSecret(mode, services);
    const answer = { id, key, prefix, label, mode, limits };
    const sealed = await once?.seal(answer);
    const rotated = await rotateProxyKey(services.db, identity.accountId, id, { digest, prefix }, sealed);
    return rotated.ok ? ok(answer) : rotated;
  },
});
