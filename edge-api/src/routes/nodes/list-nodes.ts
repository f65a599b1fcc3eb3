import { NodeList } from '@marvel/shared/api/node';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listNodes as listStoredNodes } from '../../store/node.ts';
import { showNode } from './show-node.ts';

export const listNodes = endpoint({
  method: 'GET',
  path: '/v1/nodes',
  access: 'session',
  tag: 'Nodes',
  summary: 'List the exits held',
  reply: { status: 200, description: 'By session, those that gateways hold too.', body: NodeList },
  failures: [],
  async handle({ identity }, { db, env }) {
    const listed = await listStoredNodes(db, identity.accountId);
    return listed.ok ? ok(listed.value.map((node) => showNode(node, env))) : listed;
  },
});
