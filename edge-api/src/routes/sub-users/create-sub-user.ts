import { CreatedSubUser, CreateSubUserRequest } from '@marvel/shared/api/sub-user';
import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { newId } from '../../store/new-id.ts';
import { createSubUser as storeSubUser, maxSubUsers } from '../../store/sub-user.ts';
import { pastEnd } from '../past-end.ts';
import { tooMany } from '../too-many.ts';
import { newPassword } from './new-password.ts';

export const createSubUser = endpoint({
  method: 'POST',
  path: '/v1/sub-users',
  access: 'session',
  tag: 'Sub-users',
  summary: 'Make a sub-user',
  description: 'A username and password with limits of their own, drawing on the balance of the account.',
  body: CreateSubUserRequest,
  reply: { status: 201, description: 'The sub-user; the password is shown once.', body: CreatedSubUser },
  failures: ['conflict'],
  idempotent: true,
  async handle({ body, identity, once }, services) {
    const { username, limits } = body;
    const over = pastEnd('limits.expires_at', limits.expires_at, services.nowMs);
    if (over !== undefined) return err(over);
    const { password, digest } = await newPassword(username, body.password, services);
    const answer = { id: newId('su'), username, password, limits };
    const row = {
      id: answer.id,
      accountId: identity.accountId,
      username,
      digest,
      limits,
      firstName: body.first_name ?? null,
      lastName: body.last_name ?? null,
      email: body.email ?? null,
    };
    const made = await storeSubUser(services.db, row, await once?.seal(answer));
    if (made.ok) return ok(answer);
    if (made.error.code === 'too_many') return err(tooMany(maxSubUsers, 'sub-users'));
    return made.error.code === 'conflict' ? err({ code: 'conflict', message: 'username: is taken' }) : err(made.error);
  },
});
