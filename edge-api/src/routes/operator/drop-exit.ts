import { endpoint } from '../../http/endpoint.ts';
import { dropExit as dropStoredExit } from '../../store/exit-import.ts';
import { IdParams } from '../id-params.ts';

export const dropExit = endpoint({
  method: 'DELETE',
  path: '/v1/operator/exits/{id}',
  access: 'operator',
  tag: 'Operator',
  summary: 'Drop an exit',
  description: 'No gateway dials it once it has read the next page of the feed; open tunnels through it are cut.',
  params: IdParams,
  reply: { status: 204, description: 'Dropped.' },
  failures: [],
  duringMaintenance: true,
  async handle({ params: { id } }, { db, requestId }) {
    return dropStoredExit(db, id, { action: 'exit.drop', target: id, requestId });
  },
});
