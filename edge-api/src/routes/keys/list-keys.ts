import { KeyList } from '@marvel/shared/api/key';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listProxyKeys } from '../../store/proxy-key.ts';
import { showKey } from './show-key.ts';

export const listKeys = endpoint({
  method: 'GET',
  path: '/v1/keys',
  access: 'session',
  tag: 'Keys',
  summary: 'List the keys',
  reply: {
    status: 200,
    description:
      'Newest first, then revoked ones, up to 1,000 together: one that is good is never missing. Never the keys themselves.',
    body: KeyList,
  },
  failures: [],
  async handle({ identity }, { db }) {
    const listed = await listProxyKeys(db, identity.accountId);
    return listed.ok ? ok(listed.value.map(showKey)) : listed;
  },
});
