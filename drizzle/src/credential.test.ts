import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase, type Database } from '../test-support/database.ts';
import { balance, makeAccount, makeExit, makeKey, TestGateway } from '../test-support/world.ts';

let db: Database;
let exit: string;
beforeAll(async () => {
  db = await startDatabase();
  exit = await makeExit(db);
});
afterAll(async () => db[Symbol.asyncDispose]());

const day = 86_400_000;

test('a cap is a budget of its own: usage and leases come out of it as well', async () => {
  const { account, key, gateway } = await world({ bytes_per_day: 300_000, bytes_total: 1_000_000 });
  const settled = await gateway.settle({
    uses: [{ account, credential: key, exit, up: 30_000, down: 70_000 }],
    lines: [{ budget: `${key}/day`, wanted: 1_000_000 }],
  });
  expect(settled.answers.get(`${key}/day`)).toMatchObject({ granted: 100_000, free: true });
  expect(await balance(db, `${key}/day`)).toBe(200_000);
  expect(await balance(db, `${key}/total`)).toBe(900_000);
});

test('a changed cap keeps what was spent of it; a new one starts with what was used in its window', async () => {
  const { account, key, gateway } = await world({ bytes_per_day: 1000 });
  await gateway.settle({ uses: [{ account, credential: key, exit, down: 400 }] });
  await setLimits(key, { bytes_per_day: 600, bytes_per_month: 5000 });
  expect(await balance(db, `${key}/day`)).toBe(200);
  expect(await balance(db, `${key}/month`)).toBe(4600);
  await setLimits(key, { bytes_per_day: 300, bytes_per_month: 5000 });
  expect(await balance(db, `${key}/day`)).toBe(-100);
});

test('a cap that is set while a batch settles counts that batch too', async () => {
  const { account, key, gateway } = await world({});
  const settling = await db.begin();
  await settling.query(...gateway.statement(1, { uses: [{ account, credential: key, exit, down: 400 }] }));
  const limited = setLimits(key, { bytes_per_day: 1000 });
  await db.untilBlocked(1);
  await settling.commit();
  await limited;
  expect(await balance(db, `${key}/day`)).toBe(600);
});

test('a cap that is taken off, or whose key is revoked, goes with its leases', async () => {
  const { account, key, gateway } = await world({ bytes_per_day: 1000, bytes_total: 1000 });
  const lines = [
    { budget: `${key}/day`, wanted: 100 },
    { budget: `${key}/total`, wanted: 100 },
  ];
  await gateway.settle({ lines });
  await setLimits(key, { bytes_per_day: 1000 });
  expect(await budgets(key)).toEqual([`${key}/day`]);
  expect(await gateway.held(`${key}/total`)).toBe(0);
  await db.query('update api_key set revoked_at = now() where id = $1', [key]);
  expect(await budgets(key)).toEqual([]);

  const late = await gateway.settle({ uses: [{ account, credential: key, exit, down: 10 }], lines });
  expect(late.answers.get(`${key}/day`)).toEqual({
    budget: `${key}/day`,
    granted: 0,
    ttl_ms: 3_600_000,
    free: false,
    keep: 0,
  });
  expect(await balance(db, account)).toBe(1_000_000 - 10);
});

test('a cap whose window has ended is whole again at the next batch, its own or another', async () => {
  const { account, key, gateway } = await world({ bytes_per_day: 1000 });
  await gateway.settle({ uses: [{ account, credential: key, exit, down: 900 }] });
  await endWindow(key);
  await gateway.settle({ uses: [{ account, credential: key, exit, down: 50 }] });
  expect(await balance(db, `${key}/day`)).toBe(950);

  await endWindow(key);
  await (await TestGateway.enrol(db)).settle({});
  expect(await balance(db, `${key}/day`)).toBe(1000);
  const { ends } = await db.one<{ ends: Date }>('select window_ends_at as ends from budget where id = $1', [
    `${key}/day`,
  ]);
  expect(ends.getTime()).toBe((Math.floor(Date.now() / day) + 1) * day);
});

test('a cap that another transaction holds does not keep a batch of others waiting', async () => {
  const { account, key, gateway } = await world({ bytes_per_day: 1000 });
  await endWindow(key);
  const holder = await db.begin();
  await holder.query('select from budget where id = $1 for update', [account]);
  const other = await makeAccount(db, 1000);
  expect((await gateway.settle({ lines: [{ budget: other, wanted: 1 }] })).outcome).toBe('settled');
  await holder.commit();
});

test('windows end at midnight UTC and on the first of the month, whatever the time zone of the session', async () => {
  const rows = await db.query(
    `select wire_time(cap_window_end(w, t::timestamptz)) as ends
     from (values ('day', '2026-03-28T23:30:00Z'), ('day', '2026-12-31T00:00:00Z'), ('month', '2026-01-31T23:59:59Z'), ('total', '2026-01-01T00:00:00Z')) v (w, t),
     set_config('timezone', 'Europe/Berlin', true)`,
  );
  expect(rows).toEqual([
    { ends: '2026-03-29T00:00:00.000Z' },
    { ends: '2027-01-01T00:00:00.000Z' },
    { ends: '2026-02-01T00:00:00.000Z' },
    { ends: null },
  ]);
});

test('usage is noted as the last use of the credential, refusals alone are not', async () => {
  const { account, key, gateway } = await world({});
  await gateway.settle({ uses: [{ account, credential: key, connections: 0, refused: { cap_exhausted: 1 } }] });
  expect(await db.one('select last_used_at from credential where id = $1', [key])).toEqual({ last_used_at: null });
  await gateway.settle({ uses: [{ account, credential: key, exit, down: 1 }] });
  expect(await db.one('select last_used_at is not null as used from credential where id = $1', [key])).toEqual({
    used: true,
  });
});

test('limits that change while gateways settle lose nothing', async () => {
  const { account, key } = await world({ bytes_total: 1_000_000 });
  const gateways = await Promise.all(Array.from({ length: 6 }, async () => TestGateway.enrol(db)));
  const changes = Array.from({ length: 20 }, (_, n) => ({
    bytes_total: 1_000_000 + n,
    ...(n % 2 === 0 ? { bytes_per_day: 500_000 } : {}),
  }));
  await Promise.all([
    ...gateways.map(async (gateway) => {
      for (let n = 0; n < 15; n += 1) {
        const lines = [
          { budget: `${key}/total`, wanted: 100 },
          { budget: `${key}/day`, wanted: 100 },
        ];
        await gateway.settle({ uses: [{ account, credential: key, exit, down: 100 }], lines });
      }
    }),
    (async () => {
      for (const limits of changes) await setLimits(key, limits);
    })(),
  ]);
  await setLimits(key, { bytes_total: 1_000_000, bytes_per_day: 500_000 });
  expect(await balance(db, `${key}/total`)).toBe(1_000_000 - 9000);
  expect(await balance(db, `${key}/day`)).toBe(500_000 - 9000);
});

async function world(limits: object): Promise<{ account: string; key: string; gateway: TestGateway }> {
  const account = await makeAccount(db, 1_000_000);
  return { account, key: await makeKey(db, account, limits), gateway: await TestGateway.enrol(db) };
}

async function setLimits(key: string, limits: object): Promise<void> {
  await db.query('update api_key set limits = $2 where id = $1', [key, JSON.stringify(limits)]);
}

async function endWindow(key: string): Promise<void> {
  await db.query(`update budget set window_ends_at = now() - interval '1 second' where credential_id = $1`, [key]);
}

async function budgets(key: string): Promise<readonly string[]> {
  const rows = await db.query<{ id: string }>('select id from budget where credential_id = $1 order by id', [key]);
  return rows.map((row) => row.id);
}
