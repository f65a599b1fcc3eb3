import { CreateApiKeyRequest, CreatedApiKey } from '@marvel/shared/api/api-key';
import { keyPrefix, makeApiKey } from '@marvel/shared/key-format';
import { apiKeyDigestInput, credentialDigest } from '@marvel/shared/credential-digest';
import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { createApiKey as createStoredApiKey, maxApiKeys } from '../../store/api-key.ts';
import { newId } from '../../store/new-id.ts';
import { pastEnd } from '../past-end.ts';

export const createApiKey = endpoint({
  method: 'POST',
  path: '/v1/api-keys',
  access: 'session',
  tag: 'API keys',
  summary: 'Make an API key',
  description:
    'A credential for programs that speak one of the other conventions, below /dialects. It opens no proxy, and a proxy key opens no mount. It is shown once.',
  body: CreateApiKeyRequest,
  reply: { status: 201, description: 'The key.', body: CreatedApiKey },
  failures: ['conflict'],
  idempotent: true,
  async handle({ body: { label, access, expires_at: expiresAt = null }, identity, once }, services) {
    const over = pastEnd('expires_at', expiresAt, services.nowMs);
    if (over !== undefined) return err(over);
    const key = makeApiKey(services.randomBytes);
    const answer = { id: newId('ak'), api_key: key, prefix: keyPrefix(key), label, access, expires_at: expiresAt };
    const row = {
      id: answer.id,
      accountId: identity.accountId,
      digest: await credentialDigest(services.env.CREDENTIAL_PEPPER, apiKeyDigestInput(key)),
      prefix: answer.prefix,
      label,
      access,
      expiresAt: expiresAt === null ? null : new Date(expiresAt),
    };
    const made = await createStoredApiKey(services.db, row, await once?.seal(answer));
    if (made.ok) return ok(answer);
    if (made.error.code !== 'too_many') return err({ code: made.error.code });
    return err({ code: 'conflict', message: `An account has at most ${maxApiKeys} API keys` });
  },
});
