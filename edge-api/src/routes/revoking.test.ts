import { CreatedSubUser } from '@marvel/shared/api/sub-user';
import { AuthorizedSource } from '@marvel/shared/api/authorized-source';
import { CreatedKey } from '@marvel/shared/api/key';
import { SignedIn } from '@marvel/shared/api/account';
import * as v from 'valibot';
import { afterAll, expect, test } from 'vitest';
import { makeApiKey } from '../../test-support/api-key.ts';
import { type Edge, expectFailure, type SignedUp, startEdge } from '../../test-support/edge.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());

/** One of everything that lets somebody in, as the paths that revoke it. */
async function makeAll({ token, ...account }: SignedUp): Promise<readonly string[]> {
  const make = async (path: string, body: unknown) => (await edge.call('POST', path, { token, body })).json;
  const key = v.parse(CreatedKey, await make('/v1/keys', {}));
  const subUser = v.parse(CreatedSubUser, await make('/v1/sub-users', { username: `u${key.id}`, limits: {} }));
  const source = await make('/v1/authorized-sources', { kind: 'ip', value: `9.9.9.${(lastAddress += 1)}` });
  const apiKey = await makeApiKey(edge, { token, ...account });
  return [
    `/v1/keys/${key.id}`,
    `/v1/sub-users/${subUser.id}`,
    `/v1/authorized-sources/${v.parse(AuthorizedSource, source).id}`,
    `/v1/api-keys/${apiKey.id}`,
  ];
}
let lastAddress = 0;

/** Maintenance is seen by an isolate after a moment. */
async function turnMaintenance(on: boolean): Promise<void> {
  const operator = { token: edge.operatorToken, body: { on } } satisfies Parameters<Edge['call']>[2];
  expect((await edge.call('PUT', '/v1/operator/maintenance', operator)).status).toBe(200);
  const maxLooks = 1000;
  for (let looks = 0; looks < maxLooks; looks += 1) {
    const { headers } = await edge.call('GET', '/v1/bundles');
    if ((headers.get('X-Marvel-Error') === 'maintenance') === on) return;
  }
  throw new Error('maintenance is not seen');
}

test('whatever leaked is revoked during maintenance, and nothing new is made', async () => {
  const account = await edge.signUp();
  const paths = await makeAll(account);
  await turnMaintenance(true);
  for (const path of paths) {
    expect([path, (await edge.call('DELETE', path, { token: account.token })).status]).toEqual([path, 204]);
  }
  expectFailure(await edge.call('POST', '/v1/keys', { token: account.token, body: {} }), 'maintenance');
  expect((await edge.call('DELETE', '/v1/sessions', { token: account.token })).status).toBe(204);
  await turnMaintenance(false);
});

test('a suspended account revokes what leaked, signs in and out, and does nothing else', async () => {
  const account = await edge.signUp();
  const { token, email, password } = account;
  const paths = await makeAll(account);
  await edge.call('POST', `/v1/operator/accounts/${account.accountId}/suspend`, {
    token: edge.operatorToken,
    body: { reason: 'test' },
  });
  expectFailure(await edge.call('POST', '/v1/keys', { token, body: {} }), 'forbidden', 'This account is suspended');
  for (const path of paths) expect([path, (await edge.call('DELETE', path, { token })).status]).toEqual([path, 204]);
  const again = await edge.call('POST', '/v1/sessions', { body: { email, password } });
  const second = v.parse(SignedIn, again.json).token;
  expect((await edge.call('DELETE', '/v1/sessions', { token: second })).status).toBe(204);
  expectFailure(await edge.call('GET', '/v1/me', { token: second }), 'unauthenticated');
  expect((await edge.call('DELETE', '/v1/sessions', { token })).status).toBe(204);
});
