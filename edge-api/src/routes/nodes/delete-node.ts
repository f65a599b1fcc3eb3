import { endpoint } from '../../http/endpoint.ts';
import { deleteNode as deleteStoredNode } from '../../store/node.ts';
import { SessionParams } from './session-params.ts';

export const deleteNode = endpoint({
  method: 'DELETE',
  path: '/v1/nodes/{session}',
  access: 'session',
  tag: 'Nodes',
  summary: 'Let an exit go',
  params: SessionParams,
  reply: { status: 204, description: 'The session holds no exit.' },
  failures: [],
  async handle({ params, identity }, { db }) {
    return deleteStoredNode(db, identity.accountId, params.session);
  },
});
