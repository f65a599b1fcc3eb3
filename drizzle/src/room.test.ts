import { afterAll, expect, test } from 'vitest';
import { startDatabase } from '../test-support/database.ts';
import { id, makeAccount } from '../test-support/world.ts';

const db = await startDatabase();
afterAll(async () => db[Symbol.asyncDispose]());

test.each([
  ['customer', `insert into customer (id, account_id, name) values ($1, $2, '')`],
  [
    'plan',
    `insert into plan (id, account_id, name, bytes, price_cents, currency, interval, interval_count)
     values ($1, $2, '', 1, 1, 'usd', 'month', 1)`,
  ],
  [
    'api_key',
    `insert into api_key (id, account_id, digest, prefix, label, mode) values ($1, $2, $1, 'mk_live_0000', '', 'live')`,
  ],
])(
  'whoever claims room for one more %s waits for another who does, and counts what that one made',
  async (owned, insert) => {
    const account = await makeAccount(db);
    const claim = 'select claim_room($1, $2, 1)';
    const first = await db.begin();
    await first.query(claim, [account, owned]);
    await first.query(insert, [id('own'), account]);
    const second = db.query(claim, [account, owned]).then(
      () => 'room',
      (error: unknown) => error,
    );
    await db.untilBlocked(1);
    await first.commit();
    expect(await second).toMatchObject({ code: '23514', constraint: 'account_has_room' });
  },
);
