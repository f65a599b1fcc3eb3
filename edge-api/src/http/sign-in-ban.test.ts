import { afterAll, expect, test } from 'vitest';
import { expectFailure, startEdge } from '../../test-support/edge.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());

async function signIn(email: string, password: string, from: string) {
  return edge.call('POST', '/v1/sessions', { body: { email, password }, headers: { 'CF-Connecting-IP': from } });
}

test('an address that guessed wrong twenty times is refused for a quarter of an hour, and no other is', async () => {
  const { email, password } = await edge.signUp();
  for (let tries = 0; tries < 20; tries += 1) {
    expectFailure(await signIn(email, 'wrong', '192.0.2.1'), 'unauthenticated', 'Wrong e-mail or password');
  }
  const banned = await signIn(email, password, '192.0.2.1');
  expectFailure(banned, 'rate_limited');
  const retryAfterS = Number(banned.headers.get('Retry-After'));
  expect(retryAfterS).toBeGreaterThan(600);
  expect(retryAfterS).toBeLessThanOrEqual(900);
  expect((await signIn(email, password, '192.0.2.2')).status).toBe(200);
});

test('who has a session guesses at its password as at the door: so often, and then not from that address', async () => {
  const { email, password, token } = await edge.signUp();
  const change = async (current: string, from: string) =>
    edge.call('PATCH', '/v1/me', {
      token,
      body: { password: 'another one', current_password: current },
      headers: { 'CF-Connecting-IP': from },
    });
  for (let tries = 0; tries < 20; tries += 1) {
    expectFailure(await change('wrong', '192.0.2.3'), 'invalid', 'current_password: is not the current password');
  }
  expectFailure(await change(password, '192.0.2.3'), 'rate_limited');
  expectFailure(await signIn(email, password, '192.0.2.3'), 'rate_limited');
  expect((await change(password, '192.0.2.4')).status).toBe(200);
});
