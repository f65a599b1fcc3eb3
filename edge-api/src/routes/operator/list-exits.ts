import { PageQuery } from '@marvel/shared/api/page';
import { OperatorExitList } from '@marvel/shared/api/operator';
import { isLive } from '@marvel/shared/choose-exit';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listExits as listStoredExits } from '../../store/exit-import.ts';
import { toExit } from '../../store/exit.ts';
import { listById } from '../paged-list.ts';

const exits = listById('operator/exits', ({ id }: { readonly id: string }) => id);

export const listExits = endpoint({
  method: 'GET',
  path: '/v1/operator/exits',
  access: 'operator',
  tag: 'Operator',
  summary: 'List the exits',
  query: PageQuery,
  reply: { status: 200, description: 'Those that were not dropped, by id.', body: OperatorExitList },
  failures: [],
  duringMaintenance: true,
  async handle({ query }, { db, nowMs }) {
    const page = exits.wanted(query);
    if (!page.ok) return page;
    const listed = await listStoredExits(db, page.value);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = exits.pageOf(listed.value, page.value.limit);
    const data = rows.map((row) => {
      const exit = toExit(row);
      const { kind: _kind, transport, ...shown } = exit;
      const { type, host, port, tls } = transport;
      return { ...shown, transport: { type, host, port, tls }, is_live: isLive(exit, nowMs) };
    });
    return ok({ data, next_cursor: nextCursor });
  },
});
