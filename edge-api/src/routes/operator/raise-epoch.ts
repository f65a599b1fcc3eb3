import { FleetStatus, RaiseEpochRequest } from '@marvel/shared/api/operator';
import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { raiseEpoch as raiseStoredEpoch, readFleet } from '../../store/fleet.ts';

export const raiseEpoch = endpoint({
  method: 'POST',
  path: '/v1/operator/fleet/epoch',
  access: 'operator',
  tag: 'Operator',
  summary: 'Have every gateway read everything anew',
  description:
    'Needed once after the database was restored to an earlier state: until then gateways refuse its pages as a rollback. `from` is the epoch that there is, so that a repeat raises it no further.',
  body: RaiseEpochRequest,
  reply: { status: 200, description: 'The fleet as it is now.', body: FleetStatus },
  failures: ['conflict'],
  duringMaintenance: true,
  async handle({ body: { from } }, { db, requestId }) {
    const raised = await raiseStoredEpoch(db, from, {
      action: 'fleet.epoch',
      target: 'fleet',
      detail: { from, to: from + 1 },
      requestId,
    });
    if (!raised.ok) return raised;
    const fleet = await readFleet(db);
    if (!fleet.ok) return fleet;
    return raised.value || fleet.value.epoch === from + 1
      ? ok(fleet.value)
      : err({ code: 'conflict', message: `The epoch is ${fleet.value.epoch}` });
  },
});
