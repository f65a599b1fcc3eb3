import { PageQuery } from '@marvel/shared/api/page';
import { OperatorExitList } from '@marvel/shared/api/operator';
import { isLive } from '@marvel/shared/choose-exit';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listExits as listStoredExits } from '../../store/exit-import.ts';
import { toExit } from '../../store/exit.ts';
import { pageOf } from '../page.ts';
import { pageWanted } from '../page-wanted.ts';

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
    const page = pageWanted(query);
    const listed = await listStoredExits(db, page);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = pageOf(listed.value, page.limit, ({ id }) => id);
    const data = rows.map((row) => {
      const exit = toExit(row);
      const { kind: _kind, transport, ...shown } = exit;
      const { type, host, port, tls } = transport;
      return { ...shown, transport: { type, host, port, tls }, is_live: isLive(exit, nowMs) };
    });
    return ok({ data, next_cursor: nextCursor });
  },
});
