import { Rejection, RejectionPage, RejectionQuery } from '@marvel/shared/api/rejection';
import { failureEntry } from '@marvel/shared/failures';
import { err, ok } from '@marvel/shared/result';
import * as v from 'valibot';
import { usagePeriod } from '../../domain/usage-period.ts';
import { endpoint } from '../../http/endpoint.ts';
import { listRejections as listStoredRejections, type Rejection as StoredRejection } from '../../store/rejection.ts';
import { pageOf } from '../page.ts';

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
    const limit = Number(query.limit);
    const listed = await listStoredRejections(db, identity.accountId, {
      ...period.value,
      code: query.code,
      limit,
      after: placeAt(query.cursor),
    });
    if (!listed.ok) return listed;
    const { rows, nextCursor } = pageOf(listed.value, limit, cursorOf);
    return ok({ data: rows.map((row) => show(row, env.PUBLIC_API_URL)), next_cursor: nextCursor });
  },
});

function cursorOf({ place, credentialId, dialect, code }: StoredRejection): string {
  return [place, credentialId, dialect, code].join('~');
}

function placeAt(cursor: string | undefined) {
  const [place, credentialId, dialect, code] = cursor?.split('~') ?? [];
  if (place === undefined || credentialId === undefined || dialect === undefined || code === undefined)
    return undefined;
  return { place, credentialId, dialect, code };
}

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
