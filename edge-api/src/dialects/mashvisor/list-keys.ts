import { Key } from '@marvel/shared/api/key';
import { Count } from '@marvel/shared/units';
import { ok } from '@marvel/shared/result';
import * as v from 'valibot';
import { endpoint } from '../../http/endpoint.ts';
import { showKey } from '../../routes/keys/show-key.ts';
import { listProxyKeys } from '../../store/proxy-key.ts';

export const listKeys = endpoint({
  method: 'GET',
  path: '/dialects/mashvisor/v1.1/client/keys',
  access: 'account',
  tag: 'Mashvisor',
  summary: 'List the proxy keys',
  reply: {
    status: 200,
    description: 'Newest first, revoked ones too; never the keys themselves.',
    body: v.strictObject({ count: Count, results: v.array(Key) }),
  },
  failures: [],
  async handle({ identity }, { db }) {
    const listed = await listProxyKeys(db, identity.accountId);
    if (!listed.ok) return listed;
    const results = listed.value.map(showKey);
    return ok({ count: results.length, results });
  },
});
