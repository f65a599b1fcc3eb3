import type { AuthorizedSource as ShownSource } from '@marvel/shared/api/authorized-source';
import type { AuthorizedSource } from '../../store/authorized-source.ts';

/** A stored source as the API shows it. */
export function showAuthorizedSource(
  source: Omit<AuthorizedSource, 'accountId' | 'lookedUpAt' | 'deletedAt'>,
): ShownSource {
  return {
    id: source.id,
    kind: source.source,
    value: source.value,
    sub_user: source.subUserId,
    addresses: [...source.addresses],
    resolved_at: source.resolvedAt?.toISOString() ?? null,
    created_at: source.createdAt.toISOString(),
  };
}
