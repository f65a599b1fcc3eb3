import { endpoint } from '../../http/endpoint.ts';
import { deleteAuthorizedSource as deleteStoredSource } from '../../store/authorized-source.ts';
import { IdParams } from '../id-params.ts';

export const deleteAuthorizedSource = endpoint({
  method: 'DELETE',
  path: '/v1/authorized-sources/{id}',
  access: 'session',
  tag: 'Authorised sources',
  summary: 'Delete an authorised source',
  description: 'Its clients are refused by every gateway within 2 s, and their open tunnels are cut.',
  params: IdParams,
  reply: { status: 204, description: 'Deleted.' },
  failures: [],
  duringMaintenance: true,
  whileSuspended: true,
  async handle({ params, identity }, { db }) {
    return deleteStoredSource(db, identity.accountId, params.id);
  },
});
