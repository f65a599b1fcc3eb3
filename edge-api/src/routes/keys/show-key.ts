import type { Key } from '@marvel/shared/api/key';
import type { ProxyKey } from '../../store/proxy-key.ts';

/** A stored key as the API shows it. */
export function showKey(key: ProxyKey): Key {
  return {
    id: key.id,
    prefix: key.prefix,
    label: key.label,
    mode: key.mode,
    created_at: key.createdAt.toISOString(),
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    limits: key.limits,
  };
}
