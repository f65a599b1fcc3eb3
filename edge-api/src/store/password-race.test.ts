import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { openStore } from '../../test-support/store.ts';
import { findAccount, updatePasswordHash } from './account.ts';
import { changePassword } from './change-password.ts';
import { createSession, findSession } from './session.ts';

const { db, account } = await openStore();

const newDigest = (): string => randomBytes(32).toString('base64url');
const expiresAt = new Date(Date.now() + 60_000);

test('who proved an old password while it was changed gets no session', async () => {
  const accountId = await account();
  const mine = newDigest();
  const proved = { accountId, passwordHash: 'hash', expiresAt };
  expect(await createSession(db, { ...proved, tokenDigest: mine })).toEqual({ ok: true, value: undefined });
  const changed = { accountId, before: 'hash', after: 'new hash', keepTokenDigest: mine };
  expect(await changePassword(db, changed)).toEqual({ ok: true, value: undefined });
  const late = newDigest();
  expect(await createSession(db, { ...proved, tokenDigest: late })).toMatchObject({ error: { code: 'not_found' } });
  expect(await findSession(db, late)).toMatchObject({ error: { code: 'not_found' } });
  expect(await findSession(db, mine)).toMatchObject({ value: { accountId } });
});

test('a sign-in under way never brings an old password back', async () => {
  const accountId = await account();
  await changePassword(db, { accountId, before: 'hash', after: 'new hash', keepTokenDigest: newDigest() });
  const update = updatePasswordHash(db, accountId, { before: 'hash', after: 'old password, hashed at more cost' });
  expect(await update).toMatchObject({ error: { code: 'not_found' } });
  expect(await findAccount(db, accountId)).toMatchObject({ value: { passwordHash: 'new hash' } });
});

test('of two changes that proved the same password the second changes nothing and ends no session', async () => {
  const accountId = await account();
  const mine = newDigest();
  await changePassword(db, { accountId, before: 'hash', after: 'first', keepTokenDigest: mine });
  await createSession(db, { accountId, passwordHash: 'first', tokenDigest: mine, expiresAt });
  const second = { accountId, before: 'hash', after: 'second', keepTokenDigest: newDigest() };
  expect(await changePassword(db, second)).toMatchObject({ error: { code: 'not_found' } });
  expect(await findAccount(db, accountId)).toMatchObject({ value: { passwordHash: 'first' } });
  expect(await findSession(db, mine)).toMatchObject({ value: { accountId } });
});

test('however sign-ins and a change interleave, no session of the old password is left', async () => {
  const accountId = await account();
  const kept = newDigest();
  const digests = Array.from({ length: 20 }, newDigest);
  const signIn = async (tokenDigest: string) =>
    createSession(db, { accountId, passwordHash: 'hash', tokenDigest, expiresAt });
  await Promise.all([
    ...digests.slice(0, 10).map(signIn),
    changePassword(db, { accountId, before: 'hash', after: 'new hash', keepTokenDigest: kept }),
    ...digests.slice(10).map(signIn),
  ]);
  const left = await Promise.all(digests.map(async (digest) => findSession(db, digest)));
  expect(left.filter(({ ok }) => ok)).toEqual([]);
});
