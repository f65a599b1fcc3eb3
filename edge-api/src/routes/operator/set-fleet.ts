import { FleetStatus, SetFleetRequest } from '@marvel/shared/api/operator';
import { endpoint } from '../../http/endpoint.ts';
import { readFleet, setPolicy } from '../../store/fleet.ts';

export const setFleet = endpoint({
  method: 'PUT',
  path: '/v1/operator/fleet',
  access: 'operator',
  tag: 'Operator',
  summary: 'Set what destinations the fleet serves',
  body: SetFleetRequest,
  reply: { status: 200, description: 'The fleet as it is now.', body: FleetStatus },
  failures: [],
  duringMaintenance: true,
  async handle({ body: { policy } }, { db, requestId }) {
    const set = await setPolicy(db, policy, { action: 'fleet.policy', target: 'fleet', detail: { policy }, requestId });
    return set.ok ? readFleet(db) : set;
  },
});
