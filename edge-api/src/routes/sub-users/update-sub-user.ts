import { SubUser, UpdateSubUserRequest } from '@marvel/shared/api/sub-user';
import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { updateSubUser as updateStoredSubUser } from '../../store/update-sub-user.ts';
import { IdParams } from '../id-params.ts';
import { showSubUser } from './show-sub-user.ts';

export const updateSubUser = endpoint({
  method: 'PATCH',
  path: '/v1/sub-users/{id}',
  access: 'session',
  tag: 'Sub-users',
  summary: 'Change limits or personal details of a sub-user',
  params: IdParams,
  body: UpdateSubUserRequest,
  reply: { status: 200, description: 'The sub-user as it is now.', body: SubUser },
  failures: ['conflict'],
  async handle({ params, body, identity }, { db }) {
    const updated = await updateStoredSubUser(db, identity.accountId, params.id, {
      ...(body.limits === undefined ? {} : { limits: body.limits }),
      ...(body.first_name === undefined ? {} : { firstName: body.first_name }),
      ...(body.last_name === undefined ? {} : { lastName: body.last_name }),
      ...(body.email === undefined ? {} : { email: body.email }),
    });
    if (updated.ok) return ok(showSubUser(updated.value));
    return updated.error.code === 'conflict'
      ? err({ code: 'conflict', message: 'limits: follow the plan of its subscription' })
      : updated;
  },
});
