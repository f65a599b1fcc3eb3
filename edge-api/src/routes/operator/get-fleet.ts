import { FleetStatus } from '@marvel/shared/api/operator';
import { endpoint } from '../../http/endpoint.ts';
import { readFleet } from '../../store/fleet.ts';

export const getFleet = endpoint({
  method: 'GET',
  path: '/v1/operator/fleet',
  access: 'operator',
  tag: 'Operator',
  summary: 'Show the fleet',
  reply: { status: 200, description: 'Gateways enrolled and live, policy, maintenance.', body: FleetStatus },
  failures: [],
  duringMaintenance: true,
  async handle(_request, { db }) {
    return readFleet(db);
  },
});
