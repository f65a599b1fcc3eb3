import { Status } from '@marvel/shared/api/status';
import { openingAllowanceBytes } from '@marvel/shared/lease';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { readFleet } from '../../store/fleet.ts';

export const getStatus = endpoint({
  method: 'GET',
  path: '/v1/status',
  access: 'public',
  tag: 'About',
  summary: 'How the service is',
  reply: { status: 200, description: 'Health, maintenance and the size of the fleet.', body: Status },
  failures: [],
  duringMaintenance: true,
  async handle(_request, { db, env, nowMs }) {
    const gateway_address = env.GATEWAY_ADDRESS;
    const observed_at = new Date(nowMs).toISOString();
    const fleet = await readFleet(db);
    if (!fleet.ok) {
      return ok({
        status: 'unavailable' as const,
        observed_at,
        database: 'unavailable' as const,
        maintenance: null,
        fleet_size: null,
        gateways_live: null,
        overspend_bound_bytes: null,
        gateway_address,
      });
    }
    const { maintenance, size, live } = fleet.value;
    return ok({
      status: maintenance ? ('maintenance' as const) : ('ok' as const),
      observed_at,
      database: 'ok' as const,
      maintenance,
      fleet_size: size,
      gateways_live: live,
      overspend_bound_bytes: size * openingAllowanceBytes,
      gateway_address,
    });
  },
});
