import { Rejection, RejectionPage, RejectionQuery } from '@marvel/shared/api/rejection';
import { failureEntry } from '@marvel/shared/failures';
import { err, ok } from '@marvel/shared/result';
import { Id } from '@marvel/shared/units';
import * as v from 'valibot';
import { usagePeriod } from '../../domain/usage-period.ts';
import { endpoint } from '../../http/endpoint.ts';
import { listRejections as listStoredRejections, type Rejection as StoredRejection } from '../../store/rejection.ts';
import { ExactTime, pagedList } from '../paged-list.ts';

const rejections = pagedList(
  'rejections',
  v.strictTuple([ExactTime, Id, Rejection.entries.dialect, Rejection.entries.code]),
  ({ place, credentialId, dialect, code }: StoredRejection) => [place, credentialId, dialect, code],
);

export const listRejections = endpoint({
  method: 'GET',
  path: '/v1/rejections',
  access: 'session',
  tag: 'Usage',
  summary: 'What the gateways refused, by code and credential',
  description:
    'Counted by the hour, and in whole hours. Refusals before a credential was known belong to nobody and are not here.',
  query: RejectionQuery,
  reply: {
    status: 200,
    description: 'The last refused first.',
    body: RejectionPage,
    csv: ['code', 'count', 'last_at', 'key', 'sub_user', 'authorized_source', 'dialect', 'reason', 'fix', 'docs'],
  },
  failures: [],
  async handle({ query, identity }, { db, env, nowMs }) {
    const period = usagePeriod(query, nowMs);
    if (!period.ok) return err({ code: 'invalid', message: `${period.error.field}: ${period.error.reason}` });
    const page = rejections.wanted(query);
    if (!page.ok) return page;
    const wanted = { ...period.value, ...page.value, code: query.code };
    const listed = await listStoredRejections(db, identity.accountId, wanted);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = rejections.pageOf(listed.value, page.value.limit);
    return ok({ data: rows.map((row) => show(row, env.PUBLIC_API_URL)), next_cursor: nextCursor });
  },
});

/** A stored refusal as the API shows it, with what the catalogue says of its code. */
function show({ kind, credentialId, lastAt, ...row }: StoredRejection, apiUrl: string): Rejection {
  const code = v.parse(Rejection.entries.code, row.code);
  const { reason, fix } = failureEntry(code);
  const idIf = (wanted: StoredRejection['kind']) => (kind === wanted ? credentialId : null);
  return {
    code,
    count: row.count,
    last_at: lastAt.toISOString(),
    key: idIf('key'),
    sub_user: idIf('sub_user'),
    authorized_source: idIf('authorized_source'),
    dialect: v.parse(Rejection.entries.dialect, row.dialect),
    reason,
    fix,
    docs: `${apiUrl}/docs/errors#${code}`,
  };
}
