import { Catalogue } from '@marvel/shared/api/error';
import { ok } from '@marvel/shared/result';
import { showCatalogue } from '../../domain/catalogue.ts';
import { endpoint } from '../../http/endpoint.ts';

export const listErrors = endpoint({
  method: 'GET',
  path: '/v1/errors',
  access: 'public',
  tag: 'About',
  summary: 'Every failure, what it means and what fixes it',
  reply: { status: 200, description: 'The failure catalogue.', body: Catalogue },
  failures: [],
  cacheControl: 'public, max-age=3600',
  duringMaintenance: true,
  async handle() {
    return ok({ data: [...showCatalogue()], next_cursor: null });
  },
});
