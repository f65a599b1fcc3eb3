import { endpoint } from '../../http/endpoint.ts';
import { revokeGateway as revokeStoredGateway } from '../../store/gateway.ts';
import { IdParams } from '../id-params.ts';

export const revokeGateway = endpoint({
  method: 'DELETE',
  path: '/v1/operator/gateways/{id}',
  access: 'operator',
  tag: 'Operator',
  summary: 'Revoke a gateway',
  description: 'Its token is refused from now on, and what it holds of budgets is free for others.',
  params: IdParams,
  reply: { status: 204, description: 'Revoked.' },
  failures: [],
  duringMaintenance: true,
  async handle({ params: { id } }, { db, requestId }) {
    return revokeStoredGateway(db, id, { action: 'gateway.revoke', target: id, requestId });
  },
});
