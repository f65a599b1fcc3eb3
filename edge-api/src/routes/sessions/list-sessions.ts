import { SessionList, SessionQuery } from '@marvel/shared/api/account';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listSessions as listStoredSessions } from '../../store/session.ts';
import { pageOf } from '../page.ts';

export const listSessions = endpoint({
  method: 'GET',
  path: '/v1/sessions',
  access: 'session',
  tag: 'Account',
  summary: 'List the sessions',
  query: SessionQuery,
  reply: { status: 200, description: 'Newest first.', body: SessionList },
  failures: [],
  async handle({ query: { limit, cursor }, identity }, { db }) {
    const page = { limit: Number(limit), after: placeAt(cursor) };
    const listed = await listStoredSessions(db, identity.accountId, page);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = pageOf(listed.value, page.limit, ({ place, id }) => `${place}~${id}`);
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

function placeAt(cursor: string | undefined) {
  const [place, id] = cursor?.split('~') ?? [];
  return place === undefined || id === undefined ? undefined : { place, id };
}
