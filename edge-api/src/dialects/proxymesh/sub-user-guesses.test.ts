import { afterAll, expect, test } from 'vitest';
import { startEdge } from '../../../test-support/edge.ts';

const signIn = 3;
const edge = await startEdge({ rateLimits: { signIn } });
afterAll(async () => edge[Symbol.asyncDispose]());

const password = 'correct-horse';
const { token } = await edge.signUp(1_000_000);
for (const username of ['worker', 'bystander']) {
  await edge.call('POST', '/v1/sub-users', { token, body: { username, password, limits: {} } });
}

let lastAddress = 0;
/** Asks from an address that nobody asked from before. */
async function ask(username: string, tried: string) {
  lastAddress += 1;
  return edge.call('GET', '/dialects/proxymesh/api/proxies', {
    headers: {
      Authorization: `Basic ${Buffer.from(`${username}:${tried}`).toString('base64')}`,
      'CF-Connecting-IP': `93.184.216.${lastAddress}`,
    },
  });
}

test.each(['worker', 'nobody'])(
  'the password of a sub-user (%s) is tried so often a minute, from however many addresses',
  async (username) => {
    for (let tries = 0; tries < signIn; tries += 1) expect((await ask(username, `guess-${tries}`)).status).toBe(401);
    const refused = await ask(username.toUpperCase(), password);
    expect(refused.headers.get('X-Marvel-Error')).toBe('rate_limited');
    expect((await ask(username, password)).headers.get('X-Marvel-Error')).toBe('rate_limited');
  },
);

test('other sub-users are not kept out by that', async () => {
  expect((await ask('bystander', password)).status).toBe(403);
  expect((await ask('bystander', 'wrong')).status).toBe(401);
});
