import { BundleList } from '@marvel/shared/api/billing';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listBundles as listStoredBundles } from '../../store/bundle.ts';

export const listBundles = endpoint({
  method: 'GET',
  path: '/v1/bundles',
  access: 'public',
  tag: 'Billing',
  summary: 'Bytes on sale',
  reply: { status: 200, description: 'The smallest first.', body: BundleList },
  failures: [],
  cacheControl: 'public, max-age=60',
  async handle(_request, { db }) {
    const listed = await listStoredBundles(db);
    if (!listed.ok) return listed;
    const data = listed.value.map(({ priceCents, ...bundle }) => ({ ...bundle, price_cents: priceCents }));
    return ok({ data, next_cursor: null });
  },
});
