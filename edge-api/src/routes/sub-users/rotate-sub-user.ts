import { CreatedSubUser, RotateSubUserRequest } from '@marvel/shared/api/sub-user';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { findSubUser } from '../../store/sub-user.ts';
import { rotateSubUser as rotateStoredSubUser } from '../../store/update-sub-user.ts';
import { IdParams } from '../id-params.ts';
import { newPassword } from './new-password.ts';

export const rotateSubUser = endpoint({
  method: 'POST',
  path: '/v1/sub-users/{id}/rotate',
  access: 'session',
  tag: 'Sub-users',
  summary: 'Replace the password of a sub-user',
  description: 'The old password is refused from now on.',
  params: IdParams,
  body: RotateSubUserRequest,
  reply: { status: 201, description: 'The sub-user with its new password, shown once.', body: CreatedSubUser },
  failures: [],
  idempotent: true,
  async handle({ params, body, identity, once }, services) {
    const found = await findSubUser(services.db, identity.accountId, params.id);
    if (!found.ok) return found;
    const { id, username, limits } = found.value;
    const { password, digest } = await newPassword(username, body.password, services);
    const answer = { id, username, password, limits };
    const rotated = await rotateStoredSubUser(services.db, identity.accountId, id, digest, await once?.seal(answer));
    return rotated.ok ? ok(answer) : rotated;
  },
});
