import { ApiKeyList } from '@marvel/shared/api/api-key';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listApiKeys as listStoredApiKeys } from '../../store/api-key.ts';

export const listApiKeys = endpoint({
  method: 'GET',
  path: '/v1/api-keys',
  access: 'session',
  tag: 'API keys',
  summary: 'List the API keys',
  reply: { status: 200, description: 'Newest first, without those that were revoked.', body: ApiKeyList },
  failures: [],
  async handle({ identity }, { db }) {
    const listed = await listStoredApiKeys(db, identity.accountId);
    if (!listed.ok) return listed;
    const data = listed.value.map(({ id, prefix, label, access, createdAt, expiresAt, lastUsedAt }) => ({
      id,
      prefix,
      label,
      access,
      created_at: createdAt.toISOString(),
      expires_at: expiresAt?.toISOString() ?? null,
      last_used_at: lastUsedAt?.toISOString() ?? null,
    }));
    return ok({ data, next_cursor: null });
  },
});
