import { OperatorBundleList } from '@marvel/shared/api/operator';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listAllBundles } from '../../store/bundle.ts';

export const listOperatorBundles = endpoint({
  method: 'GET',
  path: '/v1/operator/bundles',
  access: 'operator',
  tag: 'Operator',
  summary: 'List every bundle, retired ones too',
  reply: { status: 200, description: 'The smallest first.', body: OperatorBundleList },
  failures: [],
  duringMaintenance: true,
  async handle(_request, { db }) {
    const listed = await listAllBundles(db);
    if (!listed.ok) return listed;
    const data = listed.value.map(({ priceCents, ...bundle }) => ({ ...bundle, price_cents: priceCents }));
    return ok({ data, next_cursor: null });
  },
});
