import { AuthorizedSourceList } from '@marvel/shared/api/authorized-source';
import { PageQuery } from '@marvel/shared/api/page';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listAuthorizedSources as listStoredSources } from '../../store/authorized-source.ts';
import { listByAge } from '../paged-list.ts';
import { showAuthorizedSource } from './show-authorized-source.ts';

const sources = listByAge('authorized-sources');

export const listAuthorizedSources = endpoint({
  method: 'GET',
  path: '/v1/authorized-sources',
  access: 'session',
  tag: 'Authorised sources',
  summary: 'List the authorised sources',
  query: PageQuery,
  reply: { status: 200, description: 'Newest first.', body: AuthorizedSourceList },
  failures: [],
  async handle({ query, identity }, { db }) {
    const page = sources.wanted(query);
    if (!page.ok) return page;
    const listed = await listStoredSources(db, identity.accountId, page.value);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = sources.pageOf(listed.value, page.value.limit);
    return ok({ data: rows.map(showAuthorizedSource), next_cursor: nextCursor });
  },
});
