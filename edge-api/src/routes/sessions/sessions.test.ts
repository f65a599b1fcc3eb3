import { SessionList, SignedIn } from '@marvel/shared/api/account';
import * as v from 'valibot';
import { afterAll, expect, test } from 'vitest';
import { expectFailure, startEdge, type SignedUp } from '../../../test-support/edge.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());

async function signIn({ email, password }: SignedUp): Promise<string> {
  return v.parse(SignedIn, (await edge.call('POST', '/v1/sessions', { body: { email, password } })).json).token;
}

async function list(token: string, query = '') {
  const reply = await edge.call('GET', `/v1/sessions${query}`, { token });
  expect(reply.status).toBe(200);
  return v.parse(SessionList, reply.json);
}

async function works(token: string): Promise<boolean> {
  return (await edge.call('GET', '/v1/me', { token })).status === 200;
}

test('the list tells of every live session which one asks, newest first, and of no token', async () => {
  const account = await edge.signUp();
  const second = await signIn(account);
  const { data } = await list(account.token);
  expect(data.map(({ current }) => current)).toEqual([false, true]);
  expect((await list(second)).data.map(({ current }) => current)).toEqual([true, false]);
  expect(data.map(({ created_at }) => created_at)).toEqual(
    data
      .map(({ created_at }) => created_at)
      .toSorted()
      .toReversed(),
  );
  const [row] = await edge.database.query<{ digest: string }>(
    'select token_digest as digest from session where account_id = $1 limit 1',
    [account.accountId],
  );
  expect(JSON.stringify(data)).not.toContain(row?.digest.slice(0, 8));
  await edge.database.query(`update session set expires_at = now() where id = $1`, [data[0]?.id]);
  expect((await list(account.token)).data).toEqual(data.slice(1));
});

test('pages hold each session once', async () => {
  const account = await edge.signUp();
  await signIn(account);
  await signIn(account);
  const first = await list(account.token, '?limit=2');
  const second = await list(account.token, `?limit=2&cursor=${first.next_cursor}`);
  expect([...first.data, ...second.data]).toEqual((await list(account.token)).data);
  expect(second.next_cursor).toBeNull();
});

test('a page begins after the one before also where its last session ended meanwhile', async () => {
  const account = await edge.signUp();
  const tokens = [await signIn(account), await signIn(account), await signIn(account)];
  const [newest, ...others] = (await list(account.token)).data;
  const first = await list(account.token, '?limit=2');
  expect((await edge.call('DELETE', `/v1/sessions/${others[0]?.id}`, { token: tokens[2] })).status).toBe(204);
  const rest = await list(account.token, `?limit=2&cursor=${first.next_cursor}`);
  expect([newest, ...rest.data].map((session) => session?.id)).toEqual(
    (await list(account.token)).data.map(({ id }) => id),
  );
  expect(rest.data).toHaveLength(2);
});

test('one session can end another, and itself', async () => {
  const account = await edge.signUp();
  const other = await signIn(account);
  for (const [session] of [[other], [account.token]] as const) {
    const id = (await list(session)).data.find(({ current }) => current)?.id;
    expect((await edge.call('DELETE', `/v1/sessions/${id}`, { token: account.token })).status).toBe(204);
    expect(await works(session)).toBe(false);
  }
});

test('signing out with all=true ends every session of the account, and of no other', async () => {
  const account = await edge.signUp();
  const stranger = await edge.signUp();
  const other = await signIn(account);
  expect((await edge.call('DELETE', '/v1/sessions?all=false', { token: await signIn(account) })).status).toBe(204);
  expect([await works(account.token), await works(other)]).toEqual([true, true]);
  expect((await edge.call('DELETE', '/v1/sessions?all=true', { token: other })).status).toBe(204);
  expect([await works(account.token), await works(other), await works(stranger.token)]).toEqual([false, false, true]);
});

test('another account’s session is answered as an absent one, and goes on', async () => {
  const account = await edge.signUp();
  const [session] = (await list(account.token)).data;
  const { token } = await edge.signUp();
  for (const id of [session?.id, 'ses_00000000']) {
    expectFailure(await edge.call('DELETE', `/v1/sessions/${id}`, { token }), 'not_found');
  }
  const { next_cursor: cursor } = await list(await signIn(account), '?limit=1');
  expect((await list(token, `?cursor=${cursor}`)).data.map(({ id }) => id)).not.toContain(session?.id);
  expect(await works(account.token)).toBe(true);
});

test('?all takes true or false', async () => {
  const { token } = await edge.signUp();
  const reply = await edge.call('DELETE', '/v1/sessions?all=yes', { token });
  expect(reply.headers.get('X-Marvel-Error')).toBe('invalid');
  expect(await works(token)).toBe(true);
});

test('an account has at most 1,000 sessions: a sign-in ends the one that was not seen for the longest, also of several at once', async () => {
  const account = await edge.signUp();
  await edge.database.query(
    `insert into session (token_digest, account_id, created_at, last_seen_at, expires_at)
     select 'full' || n, $1, now(), now() - interval '1 day' + n * interval '1 second', now() + interval '1 day'
     from generate_series(1, 999) n`,
    [account.accountId],
  );
  const tokens = await Promise.all(Array.from({ length: 6 }, async () => signIn(account)));
  const left = await edge.database.query<{ digest: string }>(
    `select token_digest as digest from session where account_id = $1 and token_digest like 'full%' order by last_seen_at`,
    [account.accountId],
  );
  expect(left).toHaveLength(993);
  expect(left[0]).toEqual({ digest: 'full7' });
  for (const token of [account.token, ...tokens]) expect(await works(token)).toBe(true);
});
