import type { SubUser as ShownSubUser } from '@marvel/shared/api/sub-user';
import type { SubUser } from '../../store/sub-user.ts';

/** A stored sub-user as the API shows it. */
export function showSubUser(user: SubUser): ShownSubUser {
  return {
    id: user.id,
    username: user.username,
    first_name: user.firstName,
    last_name: user.lastName,
    email: user.email,
    created_at: user.createdAt.toISOString(),
    last_used_at: user.lastUsedAt?.toISOString() ?? null,
    limits: user.limits,
  };
}
