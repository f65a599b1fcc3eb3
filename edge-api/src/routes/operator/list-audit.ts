import { AuditPage, AuditQuery } from '@marvel/shared/api/operator';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listAudit as listStoredAudit } from '../../store/operator-audit.ts';
import { pageOf } from '../page.ts';

export const listAudit = endpoint({
  method: 'GET',
  path: '/v1/operator/audit',
  access: 'operator',
  tag: 'Operator',
  summary: 'Read what operators did',
  query: AuditQuery,
  reply: { status: 200, description: 'Newest first.', body: AuditPage },
  failures: [],
  duringMaintenance: true,
  async handle({ query: { limit, cursor, action, target } }, { db }) {
    const page = { limit: Number(limit), after: cursor === undefined ? undefined : Number(cursor), action, target };
    const listed = await listStoredAudit(db, page);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = pageOf(listed.value, page.limit, ({ id }) => String(id));
    const data = rows.map(({ id, at, action: done, target: to, detail, requestId }) => ({
      id,
      at: at.toISOString(),
      action: done,
      target: to,
      detail,
      request_id: requestId,
    }));
    return ok({ data, next_cursor: nextCursor });
  },
});
