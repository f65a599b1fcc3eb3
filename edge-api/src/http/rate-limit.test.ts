import { SignedIn } from '@marvel/shared/api/account';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { expectFailure, startEdge, type Reply } from '../../test-support/edge.ts';
import { enrolGateway } from '../../test-support/gateway.ts';

const edge = await startEdge({ rateLimits: { account: 8, address: 1000, signIn: 5 } });
afterAll(async () => edge[Symbol.asyncDispose]());

function limitsOf({ headers }: Reply) {
  const [limit, remaining, reset] = ['Limit', 'Remaining', 'Reset'].map((name) =>
    Number(headers.get(`X-RateLimit-${name}`) ?? Number.NaN),
  );
  return { limit, remaining, reset };
}

async function signIn(email: string, password = 'wrong password', from = '203.0.113.1'): Promise<Reply> {
  return edge.call('POST', '/v1/sessions', { body: { email, password }, headers: { 'CF-Connecting-IP': from } });
}

async function remainingFrom(address: string) {
  return limitsOf(await edge.call('GET', '/v1/bundles', { headers: { 'CF-Connecting-IP': address } })).remaining;
}

function expectLimited(reply: Reply): void {
  expectFailure(reply, 'rate_limited');
  const retryAfterS = Number(reply.headers.get('Retry-After'));
  expect(retryAfterS).toBeGreaterThanOrEqual(1);
}

describe('an account', () => {
  test('may make so many requests a minute by all its sessions together, also at once, and is told how many are left', async () => {
    const account = await edge.signUp();
    const { email, password } = account;
    const other = await signIn(email, password, '203.0.113.77');
    const tokens = [account.token, v.parse(SignedIn, other.json).token];
    const replies = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => edge.call('GET', '/v1/me', { token: tokens[index % 2] })),
    );
    const passed = replies.filter(({ status }) => status === 200);
    expect(passed.map((reply) => limitsOf(reply).remaining ?? -1).toSorted((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7,
    ]);
    const refused = replies.filter(({ status }) => status !== 200);
    for (const reply of refused) {
      expectLimited(reply);
      expect(limitsOf(reply)).toMatchObject({ limit: 8, remaining: 0 });
      expect(limitsOf(reply).reset).toBeLessThanOrEqual(Date.now() / 1000 + 61);
    }
    expect(refused).toHaveLength(12);
  });

  test('does not use up what another may do', async () => {
    const [one, other] = [await edge.signUp(), await edge.signUp()];
    for (let requests = 0; requests < 9; requests += 1) await edge.call('GET', '/v1/me', { token: one.token });
    const reply = await edge.call('GET', '/v1/me', { token: other.token });
    expect([reply.status, limitsOf(reply).remaining]).toEqual([200, 7]);
  });
});

describe('an address', () => {
  test.each([
    ['GET', '/v1/bundles', 200],
    ['GET', '/v1/nothing', 404],
    ['POST', '/v1/bundles', 405],
    ['GET', '/v1/me', 401],
    ['POST', '/v1/accounts', 422],
    ['GET', '/v1/operator/fleet', 401],
  ])('is counted and told so on %s %s', async (method, path, status) => {
    const headers = { 'CF-Connecting-IP': '203.0.113.100' };
    const first = await edge.call(method, path, { headers, token: method === 'GET' ? 'sess_unknown' : undefined });
    const second = await edge.call(method, path, { headers, token: method === 'GET' ? 'sess_unknown' : undefined });
    expect([first.status, second.status]).toEqual([status, status]);
    expect(limitsOf(second)).toMatchObject({ limit: 1000, remaining: (limitsOf(first).remaining ?? 0) - 1 });
  });

  test('of IPv6 counts as its /64', async () => {
    expect(await remainingFrom('2001:db8:1:2::1')).toBe(999);
    expect(await remainingFrom('2001:db8:1:2:ffff::1')).toBe(998);
    expect(await remainingFrom('2001:db8:1:3::1')).toBe(999);
  });
});

describe('a sign-in', () => {
  test('may be tried so often for one e-mail address, from wherever, whether or not it has an account', async () => {
    const account = await edge.signUp();
    for (const [email, network] of [
      [account.email, 10],
      ['nobody@example.com', 20],
    ] as const) {
      for (let tries = 0; tries < 5; tries += 1) {
        expectFailure(
          await signIn(email, 'x', `198.51.100.${network + tries}`),
          'unauthenticated',
          'Wrong e-mail or password',
        );
      }
      expectLimited(await signIn(email.toUpperCase(), 'x', `198.51.100.${network + 9}`));
    }
    expectLimited(await signIn(account.email, account.password, '198.51.100.99'));
  });

  test('may be tried so often from one address, whatever the e-mail address', async () => {
    const statuses: number[] = [];
    for (let tries = 0; tries < 7; tries += 1)
      statuses.push((await signIn(`a${tries}@example.com`, 'x', '198.51.100.200')).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  });
});

test('who claims to be a gateway is counted by its address, a gateway that was believed is not', async () => {
  const poll = async (token: string) => {
    const { status, headers } = await edge.call('GET', '/v1/gateway/feed?since=0', { token });
    return [status, headers.get('X-RateLimit-Limit')];
  };
  expect(await poll('gw_unknown')).toEqual([401, '1000']);
  const { token } = await enrolGateway(edge);
  expect(await poll(token)).toEqual([200, '1000']);
  expect(await poll(token)).toEqual([200, null]);
});
