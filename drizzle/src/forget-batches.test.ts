import { afterAll, expect, test } from 'vitest';
import { startDatabase } from '../test-support/database.ts';
import {
  anomalies,
  balance,
  bookProblems,
  id,
  makeAccount,
  makeExit,
  makeKey,
  TestGateway,
} from '../test-support/world.ts';

const db = await startDatabase();
afterAll(async () => db[Symbol.asyncDispose]());
const exit = await makeExit(db);
const mb = 1_000_000;

/** Forgets whatever came until now. */
async function forget(limit = 1000): Promise<number> {
  const { forgotten } = await db.one<{ forgotten: number }>(
    `select forget_batches(now() + interval '1 second', $1) as forgotten`,
    [limit],
  );
  return forgotten;
}

async function claims(gateway: TestGateway): Promise<readonly unknown[]> {
  return db.query(
    `select boot, settled::text from usage_boot where gateway_id = $1
     union all select boot, 'row ' || seq from usage_batch where gateway_id = $1 order by 2`,
    [gateway.id],
  );
}

test('a batch that comes again after it was forgotten bills nothing, and is answered as one that is granted nothing', async () => {
  const account = await makeAccount(db, 100 * mb);
  const credential = await makeKey(db, account);
  const gateway = await TestGateway.enrol(db);
  const parts = {
    uses: [{ account, credential, exit, down: mb }],
    lines: [{ budget: account, wanted: 5 * mb }],
    closedAt: new Date().toISOString(),
  };
  for (const seq of [1, 2, 3, 5]) expect((await gateway.send(seq, parts)).outcome).toBe('settled');
  const held = await gateway.held(account);
  expect(await forget()).toBe(4);
  expect(await claims(gateway)).toEqual([{ boot: gateway.boot, settled: '{[1,4),[5,6)}' }]);

  const again = await Promise.all([1, 2, 3, 5].map(async (seq) => gateway.send(seq, parts)));
  for (const { outcome, answers } of again) {
    expect(outcome).toBe('repeat');
    expect([...answers.values()]).toEqual([{ budget: account, granted: 0, ttl_ms: 0, free: false, keep: null }]);
  }
  expect(await balance(db, account)).toBe(96 * mb);
  expect(await gateway.held(account)).toBe(held);

  // What was never settled is not forgotten: a late one counts, once.
  expect((await gateway.send(4, parts)).outcome).toBe('settled');
  expect((await gateway.send(4, parts)).outcome).toBe('repeat');
  expect(await balance(db, account)).toBe(95 * mb);
  expect(await forget()).toBe(1);
  expect(await claims(gateway)).toEqual([{ boot: gateway.boot, settled: '{[1,6)}' }]);
  expect((await gateway.send(4, parts)).outcome).toBe('repeat');
  expect(await balance(db, account)).toBe(95 * mb);
  expect(await bookProblems(db)).toEqual([]);
});

test('a run of which every batch was forgotten is not taken for a new one, which would take the leases of the next', async () => {
  const account = await makeAccount(db, 100 * mb);
  const credential = await makeKey(db, account);
  const gateway = await TestGateway.enrol(db);
  const before = gateway.boot;
  await gateway.settle({ uses: [{ account, credential, exit, down: mb }] });
  gateway.restart();
  await gateway.settle({ lines: [{ budget: account, wanted: 5 * mb }] });
  await forget();
  const held = await gateway.held(account);
  expect(held).toBeGreaterThan(0);
  // A batch that the earlier run left on disk, and never posted.
  expect((await gateway.send(2, { uses: [{ account, credential, exit, down: mb }] }, before)).outcome).toBe('settled');
  expect(await gateway.held(account)).toBe(held);
  expect(await anomalies(db, `${gateway.id}/${before}/2`)).toEqual([]);
  const [row] = await db.query('select boot from gateway where id = $1', [gateway.id]);
  expect(row).toEqual({ boot: gateway.boot });
});

test('what came lately stays, the oldest goes first, and a gateway that is posting is not waited for', async () => {
  await forget();
  const [busy, idle] = [await TestGateway.enrol(db), await TestGateway.enrol(db)];
  for (const gateway of [busy, idle]) for (let batch = 0; batch < 3; batch += 1) await gateway.settle({});
  const { forgotten } = await db.one<{ forgotten: number }>(
    `select forget_batches(now() - interval '1 hour', 1000) as forgotten`,
  );
  expect(forgotten).toBe(0);
  const posting = await db.begin();
  await posting.query('select from gateway where id = $1 for no key update', [busy.id]);
  expect(await forget()).toBe(3);
  await posting.commit();
  expect(await claims(idle)).toEqual([{ boot: idle.boot, settled: '{[1,4)}' }]);
  expect(await forget(2)).toBe(2);
  expect(await claims(busy)).toEqual([
    { boot: busy.boot, settled: 'row 3' },
    { boot: busy.boot, settled: '{[1,3)}' },
  ]);
});

test('no claim can be lost by hand either', async () => {
  const gateway = await TestGateway.enrol(db);
  await gateway.settle({});
  await gateway.settle({});
  const refused = { code: '23001' };
  await expect(db.query('delete from usage_batch where gateway_id = $1', [gateway.id])).rejects.toMatchObject(refused);
  await forget();
  for (const statement of [
    'delete from usage_boot',
    'truncate usage_boot',
    `update usage_boot set settled = '{[1,2)}' where gateway_id = '${gateway.id}'`,
    `update usage_boot set boot = '${id('other')}' where gateway_id = '${gateway.id}'`,
  ]) {
    await expect(db.query(statement)).rejects.toMatchObject(refused);
  }
});
