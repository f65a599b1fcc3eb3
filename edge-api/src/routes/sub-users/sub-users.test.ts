import { CreatedSubUser, SubUser, SubUserList } from '@marvel/shared/api/sub-user';
import * as v from 'valibot';
import { afterAll, expect, test } from 'vitest';
import { expectFailure, startEdge, type SignedUp } from '../../../test-support/edge.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());
const someone = await edge.signUp();

async function make({ token }: SignedUp, body: unknown) {
  const reply = await edge.call('POST', '/v1/sub-users', { token, body });
  expect(reply.status).toBe(201);
  return v.parse(CreatedSubUser, reply.json);
}

async function list({ token }: SignedUp) {
  return v.parse(SubUserList, (await edge.call('GET', '/v1/sub-users', { token })).json).data;
}

test('a sub-user is made with a given or a made password, which is shown once', async () => {
  const account = await edge.signUp();
  const given = await make(account, { username: 'alice_1', password: 'visible-ASCII!', limits: { threads: 3 } });
  expect(given).toMatchObject({ username: 'alice_1', password: 'visible-ASCII!', limits: { threads: 3 } });
  const made = await make(account, { username: 'bob_1', first_name: 'Bob', email: 'Bob@Example.com' });
  expect(made.password).toMatch(/^[0-9A-Za-z]{24}$/);
  const listed = await edge.call('GET', '/v1/sub-users', { token: account.token });
  expect(v.parse(SubUserList, listed.json).data).toMatchObject([
    { id: made.id, username: 'bob_1', first_name: 'Bob', last_name: null, email: 'bob@example.com' },
    { id: given.id, username: 'alice_1', limits: { threads: 3 } },
  ]);
  expect(listed.text).not.toContain(given.password);
  expect(listed.text).not.toContain(made.password);
});

test('a username is taken for every account, until its sub-user is deleted', async () => {
  const account = await edge.signUp();
  const { id } = await make(account, { username: 'shared_name' });
  const other = await edge.signUp();
  const again = await edge.call('POST', '/v1/sub-users', { token: other.token, body: { username: 'shared_name' } });
  expectFailure(again, 'conflict', 'username: is taken');
  expect((await edge.call('DELETE', `/v1/sub-users/${id}`, { token: account.token })).status).toBe(204);
  expect(await list(account)).toEqual([]);
  await make(other, { username: 'shared_name' });
});

test.each([
  [{}, 'username: is required'],
  [{ username: 'has-dash' }, 'username: must be 1 to 64 letters, digits or underscores'],
  [{ username: 'ok', password: 'short' }, 'password: must be 8 to 128 visible ASCII characters without spaces'],
  [{ username: 'ok', limits: { threads: 0 } }, 'limits.threads: must be at least 1'],
  [{ username: 'ok', limits: { expires_at: '2020-01-01T00:00:00Z' } }, 'limits.expires_at: must be in the future'],
  [{ username: 'ok', first_name: 'a\nb' }, 'first_name: must not hold control characters'],
  [{ username: 'ok', email: 'nope' }, 'email: must be an e-mail address'],
])('POST names the field of %o', async (body, message) => {
  expectFailure(await edge.call('POST', '/v1/sub-users', { token: someone.token, body }), 'invalid', message);
});

test('PATCH changes what is given and nothing else', async () => {
  const account = await edge.signUp();
  const { id } = await make(account, { username: 'patched', first_name: 'Ann', limits: { threads: 3 } });
  const body = { first_name: null, last_name: 'Lee' };
  const reply = await edge.call('PATCH', `/v1/sub-users/${id}`, { token: account.token, body });
  expect(v.parse(SubUser, reply.json)).toMatchObject({ first_name: null, last_name: 'Lee', limits: { threads: 3 } });
});

test('rotate replaces the password that the gateways know, once for an Idempotency-Key', async () => {
  const account = await edge.signUp();
  const { id, password } = await make(account, { username: 'rotated' });
  const digest = async () =>
    (await edge.database.query<{ digest: string }>('select digest from sub_user where id = $1', [id]))[0]?.digest;
  const before = await digest();
  const headers = { 'Idempotency-Key': 'rotate-1' };
  const rotate = async () => edge.call('POST', `/v1/sub-users/${id}/rotate`, { token: account.token, headers });
  const [first, second] = await Promise.all([rotate(), rotate()]);
  expect(first.status).toBe(201);
  expect(second.text).toBe(first.text);
  expect(v.parse(CreatedSubUser, first.json).password).not.toBe(password);
  expect(await digest()).not.toBe(before);
});

test('an absent, a deleted and another account’s sub-user are answered alike', async () => {
  const { token } = await edge.signUp();
  const { id: othersId } = await make(await edge.signUp(), { username: 'of_another' });
  for (const id of ['su_00000000000000000000', othersId]) {
    expectFailure(await edge.call('PATCH', `/v1/sub-users/${id}`, { token, body: {} }), 'not_found');
    expectFailure(await edge.call('POST', `/v1/sub-users/${id}/rotate`, { token }), 'not_found');
    expectFailure(await edge.call('DELETE', `/v1/sub-users/${id}`, { token }), 'not_found');
  }
});
