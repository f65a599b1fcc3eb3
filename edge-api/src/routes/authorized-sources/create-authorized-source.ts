import { AuthorizedSource, CreateAuthorizedSourceRequest } from '@marvel/shared/api/authorized-source';
import { endpoint } from '../../http/endpoint.ts';
import { authorizeSource } from './authorize-source.ts';

export const createAuthorizedSource = endpoint({
  method: 'POST',
  path: '/v1/authorized-sources',
  access: 'session',
  tag: 'Authorised sources',
  summary: 'Let the clients of an address in without credentials',
  description:
    'A host name is looked up now and every minute; while that fails its last addresses count for an hour. An address belongs to one source of the whole service. Special-use addresses are refused unless the service itself serves them.',
  body: CreateAuthorizedSourceRequest,
  reply: { status: 201, description: 'The source.', body: AuthorizedSource },
  failures: ['conflict'],
  idempotent: true,
  async handle({ body: { kind, value, sub_user: subUserId = null }, identity, once }, services) {
    const given = { accountId: identity.accountId, kind, value, subUserId };
    return authorizeSource(given, once, (source) => source, services);
  },
});
