import { randomBytes } from 'node:crypto';
import { Me, SignedIn } from '@marvel/shared/api/account';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { loadForTests } from '../../../test-support/argon2id.ts';
import { expectFailure, startEdge, type Reply } from '../../../test-support/edge.ts';
import { hashPassword } from '../../domain/password-hash.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());

async function signIn(email: string, password: string): Promise<Reply> {
  return edge.call('POST', '/v1/sessions', { body: { email, password } });
}

describe('POST /v1/accounts', () => {
  test('makes an account whose token works at once', async () => {
    const made = await edge.call('POST', '/v1/accounts', {
      body: { email: 'First@Example.com', password: 'long enough' },
    });
    expect(made.status).toBe(201);
    const { account_id, token } = v.parse(SignedIn, made.json);
    const me = await edge.call('GET', '/v1/me', { token });
    expect(me.status).toBe(200);
    expect(v.parse(Me, me.json)).toMatchObject({ account_id, email: 'first@example.com' });
    expect(me.headers.get('Cache-Control')).toBe('no-store');
  });

  test('refuses an e-mail address that has an account, in whatever case', async () => {
    const { email } = await edge.signUp();
    const again = await edge.call('POST', '/v1/accounts', {
      body: { email: email.toUpperCase(), password: 'long enough' },
    });
    expectFailure(again, 'conflict', 'email: an account with it exists');
  });

  test.each([
    [{}, 'email: is required'],
    [{ email: 'a@example.com' }, 'password: is required'],
    [{ email: 7, password: 'long enough' }, 'email: must be a string'],
    [{ email: 'not-an-address', password: 'long enough' }, 'email: must be an e-mail address'],
    [{ email: 'a b@example.com', password: 'long enough' }, 'email: must be an e-mail address'],
    [{ email: `${'a'.repeat(250)}@example.com`, password: 'long enough' }, 'email: must have at most 254 characters'],
    [{ email: 'a@example.com', password: 'seven77' }, 'password: must have at least 8 characters'],
    [{ email: 'a@example.com', password: 'x'.repeat(257) }, 'password: must have at most 256 characters'],
    [{ email: 'a@example.com', password: '\ud800'.repeat(8) }, 'password: must be well-formed Unicode'],
    [{ email: 'a@example.com', password: 'long enough', admin: true }, 'admin: is not known here'],
  ])('names the field of %o', async (body, message) => {
    expectFailure(await edge.call('POST', '/v1/accounts', { body }), 'invalid', message);
  });

  test('stores the password only as argon2id of the contract’s cost, and the token only as a digest', async () => {
    const { accountId, token, password } = await edge.signUp();
    const [row] = await edge.database.query<{ all: string; hash: string }>(
      `select password_hash as hash, (select string_agg(s::text, ' ') from session s where account_id = a.id) || a::text as all
       from account a where id = $1`,
      [accountId],
    );
    expect(row?.hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(row?.all).not.toContain(password);
    expect(row?.all).not.toContain(token);
  });

  test('of twenty at once with one e-mail address one succeeds', async () => {
    const body = { email: 'race@example.com', password: 'long enough' };
    const replies = await Promise.all(
      Array.from({ length: 20 }, async () => edge.call('POST', '/v1/accounts', { body })),
    );
    const statuses = replies.map(({ status }) => status);
    expect([statuses.filter((status) => status === 201).length, new Set(statuses)]).toEqual([1, new Set([201, 409])]);
  });

  test('repeated with its Idempotency-Key gives the first answer, and makes no second account', async () => {
    const body = { email: 'once@example.com', password: 'long enough' };
    const headers = { 'Idempotency-Key': 'sign-up-1' };
    const replies = await Promise.all(
      Array.from({ length: 5 }, async () => edge.call('POST', '/v1/accounts', { body, headers })),
    );
    expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    const { token } = v.parse(SignedIn, replies[0]?.json);
    expect((await edge.call('GET', '/v1/me', { token })).status).toBe(200);
    const other = await edge.call('POST', '/v1/accounts', { body: { ...body, password: 'another one' }, headers });
    expectFailure(other, 'conflict', 'Idempotency-Key was used with another body');
  });
});

test('people who happen to send the same Idempotency-Key each get an account of their own', async () => {
  const headers = { 'Idempotency-Key': '1' };
  const signUp = async (email: string) =>
    edge.call('POST', '/v1/accounts', { body: { email, password: 'long enough' }, headers });
  const [one, other] = [await signUp('key-one@example.com'), await signUp('key-other@example.com')];
  expect([one.status, other.status]).toEqual([201, 201]);
  expect(v.parse(SignedIn, one.json).account_id).not.toBe(v.parse(SignedIn, other.json).account_id);
  expect((await signUp('key-one@example.com')).text).toBe(one.text);
});

describe('POST /v1/sessions', () => {
  test('gives a new token beside the old one', async () => {
    const { email, password, token, accountId } = await edge.signUp();
    const reply = await signIn(email.toUpperCase(), password);
    expect(reply.status).toBe(200);
    const session = v.parse(SignedIn, reply.json);
    expect(session.account_id).toBe(accountId);
    expect(session.token).not.toBe(token);
    for (const one of [token, session.token]) {
      expect((await edge.call('GET', '/v1/me', { token: one })).status).toBe(200);
    }
  });

  test('answers an unknown e-mail, a malformed one, a wrong and a too short password byte for byte alike', async () => {
    const { email, password } = await edge.signUp();
    const replies = [
      await signIn(email, `${password}x`),
      await signIn('nobody@example.com', password),
      await signIn('not an address', password),
      await signIn(email, ''),
      await signIn(email, 'short'),
      await signIn('', ''),
    ];
    const varying = new Set(['date', 'x-request-id', 'x-ratelimit-remaining', 'x-ratelimit-reset']);
    const shapes = replies.map(({ status, text, headers }) =>
      JSON.stringify([status, text, [...headers].filter(([name]) => !varying.has(name))]),
    );
    expect(new Set(shapes).size).toBe(1);
    for (const reply of replies) expectFailure(reply, 'unauthenticated', 'Wrong e-mail or password');
  });

  test('raises the cost of a password that was hashed when less was enough', async () => {
    const { accountId, email, password } = await edge.signUp();
    const readHash = async () =>
      (
        await edge.database.query<{ hash: string }>('select password_hash as hash from account where id = $1', [
          accountId,
        ])
      )[0]?.hash ?? '';
    const weak = hashPassword(password, await loadForTests(), randomBytes, { memoryKib: 8192, passes: 1, lanes: 1 });
    await edge.database.query('update account set password_hash = $2 where id = $1', [accountId, weak]);
    expect((await signIn(email, password)).status).toBe(200);
    expect(await readHash()).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await signIn(email, password)).status).toBe(200);
  });

  test.each([
    [{ email: 'a@example.com' }, 'password: is required'],
    [{ email: 'a@example.com', password: null }, 'password: must be a string'],
    [{ email: 'a\u0000@example.com', password: 'long enough' }, 'email: must not hold control characters'],
  ])('names the field of %o', async (body, message) => {
    expectFailure(await edge.call('POST', '/v1/sessions', { body }), 'invalid', message);
  });
});

describe('DELETE /v1/sessions', () => {
  test('ends this session and no other', async () => {
    const { email, password, token } = await edge.signUp();
    const { token: other } = v.parse(SignedIn, (await signIn(email, password)).json);
    const reply = await edge.call('DELETE', '/v1/sessions', { token });
    expect([reply.status, reply.text]).toEqual([204, '']);
    expectFailure(await edge.call('GET', '/v1/me', { token }), 'unauthenticated');
    expect((await edge.call('GET', '/v1/me', { token: other })).status).toBe(200);
  });

  test('an expired session is refused', async () => {
    const { token, accountId } = await edge.signUp();
    await edge.database.query("update session set expires_at = now() - interval '1 s' where account_id = $1", [
      accountId,
    ]);
    expectFailure(await edge.call('GET', '/v1/me', { token }), 'unauthenticated');
  });

  test('a suspended account can read and sign out, and is told why it can do nothing else', async () => {
    const { token, accountId } = await edge.signUp();
    await edge.database.query("update account set status = 'suspended' where id = $1", [accountId]);
    expect((await edge.call('GET', '/v1/me', { token })).status).toBe(200);
    expectFailure(await edge.call('POST', '/v1/keys', { token, body: {} }), 'forbidden', 'This account is suspended');
    expect((await edge.call('DELETE', '/v1/sessions', { token })).status).toBe(204);
  });
});

describe('PATCH /v1/me', () => {
  test('changes the password, and ends the other sessions', async () => {
    const { email, password, token } = await edge.signUp();
    const { token: other } = v.parse(SignedIn, (await signIn(email, password)).json);
    const body = { password: 'quite another one', current_password: password };
    const reply = await edge.call('PATCH', '/v1/me', { token, body });
    expect(reply.status).toBe(200);
    expect(v.parse(Me, reply.json).email).toBe(email);
    expectFailure(await signIn(email, password), 'unauthenticated', 'Wrong e-mail or password');
    expect((await signIn(email, 'quite another one')).status).toBe(200);
    expect((await edge.call('GET', '/v1/me', { token })).status).toBe(200);
    expectFailure(await edge.call('GET', '/v1/me', { token: other }), 'unauthenticated');
  });

  test('needs the current password', async () => {
    const { email, password, token } = await edge.signUp();
    const body = { password: 'quite another one', current_password: `${password}x` };
    const reply = await edge.call('PATCH', '/v1/me', { token, body });
    expectFailure(reply, 'invalid', 'current_password: is not the current password');
    expect((await signIn(email, password)).status).toBe(200);
  });
});
