import { Bundle } from '@marvel/shared/api/billing';
import { SaveBundleRequest } from '@marvel/shared/api/operator';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { saveBundle as saveStoredBundle } from '../../store/bundle.ts';
import { IdParams } from '../id-params.ts';

export const saveBundle = endpoint({
  method: 'PUT',
  path: '/v1/operator/bundles/{id}',
  access: 'operator',
  tag: 'Operator',
  summary: 'Put a bundle on sale',
  description: 'Makes it, or changes its terms. Invoices keep the terms that they were written with.',
  params: IdParams,
  body: SaveBundleRequest,
  reply: { status: 200, description: 'The bundle.', body: Bundle },
  failures: [],
  duringMaintenance: true,
  async handle({ params: { id }, body }, { db, requestId }) {
    const { price_cents: priceCents, ...terms } = body;
    const audit = { action: 'bundle.save', target: id, detail: body, requestId };
    const saved = await saveStoredBundle(db, { id, ...terms, priceCents }, audit);
    return saved.ok ? ok({ id, ...body }) : saved;
  },
});
