import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { deleteSession as deleteStoredSession } from '../../store/session.ts';

export const deleteSession = endpoint({
  method: 'DELETE',
  path: '/v1/sessions',
  access: 'session',
  tag: 'Account',
  summary: 'Sign out',
  reply: { status: 204, description: 'The token is refused from now on.' },
  failures: [],
  async handle({ identity }, { db }) {
    const deleted = await deleteStoredSession(db, identity.tokenDigest);
    // Signed out twice at once is signed out.
    return deleted.ok || deleted.error.code === 'not_found' ? ok(undefined) : deleted;
  },
});
