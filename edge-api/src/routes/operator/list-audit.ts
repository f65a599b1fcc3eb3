import { AuditPage, AuditQuery } from '@marvel/shared/api/operator';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listAudit as listStoredAudit } from '../../store/operator-audit.ts';
import { listByNumber } from '../paged-list.ts';

const entries = listByNumber('operator/audit', ({ id }: { readonly id: number }) => id);

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
  async handle({ query }, { db }) {
    const page = entries.wanted(query);
    if (!page.ok) return page;
    const listed = await listStoredAudit(db, { ...page.value, action: query.action, target: query.target });
    if (!listed.ok) return listed;
    const { rows, nextCursor } = entries.pageOf(listed.value, page.value.limit);
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
