import { FleetStatus, SetMaintenanceRequest } from '@marvel/shared/api/operator';
import { endpoint } from '../../http/endpoint.ts';
import { readFleet, setMaintenance as setStoredMaintenance } from '../../store/fleet.ts';

export const setMaintenance = endpoint({
  method: 'PUT',
  path: '/v1/operator/maintenance',
  access: 'operator',
  tag: 'Operator',
  summary: 'Turn maintenance on or off',
  description: 'While it is on the control API answers 503 to all but operators and gateways.',
  body: SetMaintenanceRequest,
  reply: { status: 200, description: 'The fleet as it is now.', body: FleetStatus },
  failures: [],
  duringMaintenance: true,
  async handle({ body: { on } }, { db, requestId }) {
    const audit = { action: 'fleet.maintenance', target: 'fleet', detail: { on }, requestId };
    const set = await setStoredMaintenance(db, on, audit);
    return set.ok ? readFleet(db) : set;
  },
});
