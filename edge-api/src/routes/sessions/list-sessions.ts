import { SessionList } from '@marvel/shared/api/account';
import { PageQuery } from '@marvel/shared/api/page';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listSessions as listStoredSessions } from '../../store/session.ts';
import { pageOf } from '../page.ts';
import { pageWanted } from '../page-wanted.ts';

export const listSessions = endpoint({
  method: 'GET',
  path: '/v1/sessions',
  access: 'session',
  tag: 'Account',
  summary: 'List the sessions',
  query: PageQuery,
  reply: { status: 200, description: 'Newest first.', body: SessionList },
  failures: [],
  async handle({ query, identity }, { db }) {
    const page = pageWanted(query);
    const listed = await listStoredSessions(db, identity.accountId, page);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = pageOf(listed.value, page.limit, ({ id }) => id);
    const data = rows.map((session) => ({
      id: session.id,
      created_at: session.createdAt.toISOString(),
      last_seen_at: session.lastSeenAt.toISOString(),
      expires_at: session.expiresAt.toISOString(),
      current: session.tokenDigest === identity.tokenDigest,
    }));
    return ok({ data, next_cursor: nextCursor });
  },
});
