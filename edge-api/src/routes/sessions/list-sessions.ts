import { SessionList } from '@marvel/shared/api/account';
import { PageQuery } from '@marvel/shared/api/page';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listSessions as listStoredSessions } from '../../store/session.ts';
import { listByAge } from '../paged-list.ts';

const sessions = listByAge('sessions');

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
    const page = sessions.wanted(query);
    if (!page.ok) return page;
    const listed = await listStoredSessions(db, identity.accountId, page.value);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = sessions.pageOf(listed.value, page.value.limit);
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
