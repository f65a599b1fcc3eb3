import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { openStore } from '../../test-support/store.ts';
import { createAccount, findAccount, findAccountByEmail } from './account.ts';
import { attempt, attemptUnique, describeDatabaseError } from './database-error.ts';
import { newId } from './new-id.ts';

const { db, database, account } = await openStore();

function session() {
  return { tokenDigest: newId('key'), expiresAt: new Date() };
}

test('a database that cannot be reached, that is shutting down, or that has no room is one failure: unavailable', async () => {
  const id = await account();
  await database.front.stop();
  expect(await findAccount(db, id)).toEqual({ ok: false, error: { code: 'unavailable' } });
  await database.front.start();
  await database.postgres.stop();
  expect(await findAccount(db, id)).toEqual({ ok: false, error: { code: 'unavailable' } });
  const restarted = await database.postgres.start();
  expect(restarted.ok).toBe(true);
  expect(await findAccount(db, id)).toMatchObject({ ok: true, value: { id } });
  for (const state of ['57P01', '53300', '08006', '40P01', '40001']) {
    const failing = sql.raw(`do $$ begin raise exception 'x' using errcode = '${state}'; end $$`);
    expect(await attempt(() => db.execute(failing))).toEqual({ ok: false, error: { code: 'unavailable' } });
  }
});

test('a taken e-mail is a conflict in whatever case, and leaves nothing behind', async () => {
  const given = { passwordHash: 'hash', email: 'Somebody@Example.com' };
  const first = newId('acc');
  expect(await createAccount(db, { ...given, id: first, session: session() })).toEqual({ ok: true, value: undefined });
  const second = { ...given, id: newId('acc'), email: 'someBODY@example.COM', session: session() };
  expect(await createAccount(db, second)).toEqual({ ok: false, error: { code: 'conflict' } });
  expect(await findAccount(db, second.id)).toEqual({ ok: false, error: { code: 'not_found' } });
  expect(await findAccountByEmail(db, 'SOMEBODY@EXAMPLE.COM')).toMatchObject({ ok: true, value: { id: first } });
});

test('of 20 sign-ups with one e-mail at once, one is made', async () => {
  const made = await Promise.all(
    Array.from({ length: 20 }, async () =>
      createAccount(db, { id: newId('acc'), email: 'race@example.com', passwordHash: 'hash', session: session() }),
    ),
  );
  expect(made.filter(({ ok }) => ok)).toHaveLength(1);
  expect(made.filter((result) => !result.ok && result.error.code === 'conflict')).toHaveLength(19);
});

test('any other thing the database says is a bug: thrown, and described without the values of the query', async () => {
  const secret = 'very-secret';
  const query = () =>
    db.execute(sql`insert into answer (id, body_digest, sealed, expires_at) values (${secret}, null, '', now())`);
  const thrown: unknown = await attemptUnique(['answer_pkey'], query).catch((error: unknown) => error);
  const described = describeDatabaseError(thrown);
  expect(described).toEqual({ sqlstate: '23502', constraint: null, table: 'answer' });
  expect(JSON.stringify(described)).not.toContain(secret);
  expect(describeDatabaseError(new Error('other'))).toBe(undefined);
});
