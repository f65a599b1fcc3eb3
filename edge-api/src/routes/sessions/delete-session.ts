import { SignOutQuery } from '@marvel/shared/api/account';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { deleteSession as deleteStoredSession, revokeSessions } from '../../store/session.ts';

export const deleteSession = endpoint({
  method: 'DELETE',
  path: '/v1/sessions',
  access: 'session',
  tag: 'Account',
  summary: 'Sign out',
  description: 'Of this session; with `all=true` of every session of the account, this one too.',
  query: SignOutQuery,
  reply: { status: 204, description: 'The token is refused from now on.' },
  failures: [],
  duringMaintenance: true,
  whileSuspended: true,
  async handle({ query, identity }, { db }) {
    if (query.all === 'true') return revokeSessions(db, identity.accountId);
    const deleted = await deleteStoredSession(db, identity.tokenDigest);
    // Signed out twice at once is signed out.
    return deleted.ok || deleted.error.code === 'not_found' ? ok(undefined) : deleted;
  },
});
