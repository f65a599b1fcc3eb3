import { OperatorGatewayList } from '@marvel/shared/api/operator';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listGateways as listStoredGateways } from '../../store/gateway.ts';

export const listGateways = endpoint({
  method: 'GET',
  path: '/v1/operator/gateways',
  access: 'operator',
  tag: 'Operator',
  summary: 'List the gateways',
  reply: { status: 200, description: 'Those that are not revoked, by id.', body: OperatorGatewayList },
  failures: [],
  duringMaintenance: true,
  async handle(_request, { db }) {
    const listed = await listStoredGateways(db);
    if (!listed.ok) return listed;
    const data = listed.value.map((gateway) => ({
      id: gateway.id,
      name: gateway.name,
      enrolled_at: gateway.enrolledAt.toISOString(),
      last_seen_at: gateway.lastSeenAt?.toISOString() ?? null,
      open_tunnels: gateway.openTunnels,
      feed_cursor: gateway.feedCursor,
      feed_seen_at: gateway.feedSeenAt?.toISOString() ?? null,
      feed_behind: gateway.feedCursor === null ? null : gateway.feedBehind,
      version: gateway.version,
    }));
    return ok({ data, next_cursor: null });
  },
});
