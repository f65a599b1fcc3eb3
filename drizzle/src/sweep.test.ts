import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase, type Database } from '../test-support/database.ts';
import { makeAccount } from '../test-support/world.ts';

let db: Database;
beforeAll(async () => {
  db = await startDatabase();
});
afterAll(async () => db[Symbol.asyncDispose]());

test('what is over goes, what is not stays, and what another transaction holds is left for the next time', async () => {
  const account = await makeAccount(db);
  for (const [name, ends] of [
    ['over', `now() - interval '2 days'`],
    ['live', `now() + interval '1 day'`],
  ]) {
    await db.query(`insert into session (token_digest, account_id, expires_at) values ($1, $2, ${ends})`, [
      name,
      account,
    ]);
    await db.query(`insert into answer (id, body_digest, sealed, expires_at) values ($1, '', '', ${ends})`, [name]);
    await db.query(
      `insert into account_event (id, account_id, type, data, created_at) values ($1, $2, 'balance.low', '{}', ${ends} - interval '30 days')`,
      [name, account],
    );
    await db.query(
      `insert into lease (gateway_id, budget_id, boot, held_bytes, expires_at) values ($1, $1, '', 1, ${ends})`,
      [name],
    );
    await db.query(
      `insert into node (account_id, session, exit_id, generation, expires_at) values ($2, $1, '', 1, ${ends})`,
      [name, account],
    );
  }
  const holder = await db.begin();
  await holder.query(`select from session where token_digest = 'over' for update`);
  expect(await db.one('select sweep(100) as removed')).toEqual({ removed: 4 });
  await holder.commit();
  expect(await db.one('select sweep(100) as removed')).toEqual({ removed: 1 });
  expect(await db.one('select sweep(100) as removed')).toEqual({ removed: 0 });
  for (const [table, column] of [
    ['session', 'token_digest'],
    ['answer', 'id'],
    ['account_event', 'id'],
    ['lease', 'gateway_id'],
    ['node', 'session'],
  ]) {
    expect(await db.query(`select ${column} as name from ${table}`)).toEqual([{ name: 'live' }]);
  }
  expect(await db.query(`select id from feed_record where kind = 'node'`)).toEqual([{ id: `${account}/live` }]);
});
