import { endpoint } from '../../http/endpoint.ts';
import { retireBundle as retireStoredBundle } from '../../store/bundle.ts';
import { IdParams } from '../id-params.ts';

export const retireBundle = endpoint({
  method: 'DELETE',
  path: '/v1/operator/bundles/{id}',
  access: 'operator',
  tag: 'Operator',
  summary: 'Take a bundle off sale',
  description: 'Open invoices for it can still be paid. PUT puts it on sale again.',
  params: IdParams,
  reply: { status: 204, description: 'No longer on sale.' },
  failures: [],
  duringMaintenance: true,
  async handle({ params: { id } }, { db, requestId }) {
    return retireStoredBundle(db, id, { action: 'bundle.retire', target: id, requestId });
  },
});
