import { compareCursors, FeedRecord, feedStart } from '@marvel/shared/feed';
import * as v from 'valibot';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startDatabase, type Database } from '../test-support/database.ts';
import { id, makeAccount, makeExit, makeKey, TestGateway } from '../test-support/world.ts';

interface Page {
  readonly to: string;
  readonly head: string;
  readonly ahead: boolean;
  readonly records: readonly FeedRecord[];
}

let db: Database;
let reader: TestGateway;
let cursor: string;
beforeAll(async () => {
  db = await startDatabase();
  reader = await TestGateway.enrol(db);
});
afterAll(async () => db[Symbol.asyncDispose]());
beforeEach(async () => {
  cursor = (await read(feedStart)).to;
});

test('a transaction that commits after later ones is not skipped', async () => {
  const account = await makeAccount(db);
  const [slow, quick] = [await makeKey(db, account), await makeKey(db, account)];
  await readOn();

  const held = await db.begin();
  await held.query(`update api_key set limits = '{"threads": 1}' where id = $1`, [slow]);
  await db.query(`update api_key set limits = '{"threads": 2}' where id = $1`, [quick]);
  const later = await makeKey(db, account);
  expect(await readOn()).toEqual([]);
  await held.commit();
  expect(ids(await readOn())).toEqual([slow, quick, later]);
});

test('an old transaction that writes last moves its record to where readers still come by', async () => {
  const account = await makeAccount(db);
  const key = await makeKey(db, account);
  await readOn();
  const old = await db.begin();
  await old.query('select pg_current_xact_id()');
  await db.query(`update api_key set limits = '{"threads": 1}' where id = $1`, [key]);
  expect(await readOn()).toEqual([]);
  await old.query(`update api_key set limits = '{"threads": 2}' where id = $1`, [key]);
  await old.commit();
  expect(await readOn()).toMatchObject([{ id: key, limits: { threads: 2 } }]);
});

test('a large transaction is read in pieces: nothing twice, nothing missed, the head only at the end', async () => {
  const account = await makeAccount(db);
  await readOn();
  await db.query(
    `insert into api_key (id, account_id, digest, prefix, label, mode)
     select 'key_big' || lpad(n::text, 6, '0'), $1, lpad(n::text, 43, 'A'), 'mk_live_1234', '', 'live' from generate_series(1, 2500) n`,
    [account],
  );
  const pages = [await read(cursor, 1000)];
  for (let page = pages[0]; page !== undefined && page.to !== page.head; page = pages.at(-1)) {
    pages.push(await read(page.to, 1000));
  }
  expect(pages.map(({ records }) => records.length)).toEqual([1000, 1000, 500]);
  expect(pages.map(({ to, head }) => to === head)).toEqual([false, false, true]);
  const found = pages.flatMap(({ records }) => ids(records));
  expect(found).toEqual(Array.from({ length: 2500 }, (_, n) => `key_big${String(n + 1).padStart(6, '0')}`));
});

test('every kind of record is what shared/feed says it is, from the start and as it changes', async () => {
  const account = await makeAccount(db, 1000);
  await makeKey(db, account, { bytes_per_day: 100, countries: ['US'] });
  await makeKey(db, account, { bytes_total: 100 }, 'test');
  const exit = await makeExit(db);
  const [subUser, source] = [id('su'), id('src')];
  await db.query(`insert into sub_user (id, account_id, username, digest) values ($1, $2, $1, $3)`, [
    subUser,
    account,
    'A'.repeat(43),
  ]);
  await db.query(
    `insert into authorized_source (id, account_id, sub_user_id, source, value, addresses) values ($1, $2, $3, 'ip', '192.0.2.7', '["192.0.2.7"]')`,
    [source, account, subUser],
  );
  await db.query(
    `insert into node (account_id, session, exit_id, generation, expires_at) values ($1, 's', $2, 1, now() + interval '1 hour')`,
    [account, exit],
  );
  const snapshot = await read(feedStart);
  expect([...new Set(snapshot.records.map(({ kind }) => kind))].toSorted()).toEqual([
    'account',
    'authorized_source',
    'budget',
    'exit',
    'fleet',
    'key',
    'node',
    'sub_user',
  ]);
  await readOn();
  await db.query(`update sub_user set deleted_at = now() where id = $1`, [subUser]);
  await db.query(`update authorized_source set deleted_at = now() where id = $1`, [source]);
  await db.query(`update exit set dropped_at = now() where id = $1`, [exit]);
  await db.query(`delete from node where account_id = $1`, [account]);
  await db.query(`update api_key set revoked_at = now() where account_id = $1`, [account]);
  const gone = await readOn();
  expect(gone.every(({ kind }) => kind === 'tombstone')).toBe(true);
  expect(gone.map((record) => (record.kind === 'tombstone' ? record.of : '')).toSorted()).toEqual([
    'authorized_source',
    'budget',
    'budget',
    'exit',
    'key',
    'key',
    'node',
    'sub_user',
  ]);
  expect((await read(feedStart)).records.some(({ kind }) => kind === 'tombstone')).toBe(false);
});

test('an account is published again only when its balance crosses zero or a power of two, or its state changes', async () => {
  const account = await makeAccount(db);
  await readOn();
  const balances: (number | undefined)[] = [];
  for (const bytes of [3, 1, 3, 1, 500, -400, -108, -1, -5, 6, 1]) {
    await db.query('select adjust_balance($1, $2, $3, $4)', [account, bytes, 'test', id('t')]);
    const [record] = await readOn();
    balances.push(record?.kind === 'account' ? record.balance_bytes : undefined);
  }
  //                        3  4  7          8  508  108  0  -1         -6         0          1
  expect(balances).toEqual([3, 4, undefined, 8, 508, 108, 0, undefined, undefined, undefined, 1]);
  await db.query(`update account set threads = 5 where id = $1`, [account]);
  expect(await readOn()).toMatchObject([{ id: account, threads: 5, balance_bytes: 1 }]);
  await db.query(`update account set threads = 5, password_hash = 'other' where id = $1`, [account]);
  expect(await readOn()).toEqual([]);
});

test('whatever happens at once, the last record of an account is what the account is', async () => {
  const account = await makeAccount(db, 1 << 20);
  const key = await makeKey(db, account);
  const exit = await makeExit(db);
  const gateways = await Promise.all(Array.from({ length: 4 }, async () => TestGateway.enrol(db)));
  for (let round = 0; round < 25; round += 1) {
    const status = round % 2 === 0 ? 'suspended' : 'active';
    // Each settlement crosses a power of two, so that it publishes as well.
    const down = 2 ** (18 - (round % 9));
    await Promise.all([
      ...gateways.map(async (gateway) => gateway.settle({ uses: [{ account, credential: key, exit, down }] })),
      db.query('update account set status = $2 where id = $1', [account, status]),
      db.query('select adjust_balance($1, $2, $3, $4)', [account, 3 * down, 'test', id('t')]),
    ]);
    const { body } = await db.one<{ body: { status: string } }>(
      `select body from feed_record where kind = 'account' and id = $1`,
      [account],
    );
    expect(body.status).toBe(status);
  }
});

test('a suspension that commits while a batch is about to publish the account is not undone by it', async () => {
  const account = await makeAccount(db, 1 << 20);
  const key = await makeKey(db, account);
  const gateway = await TestGateway.enrol(db);
  const suspension = await db.begin();
  await suspension.query(`update account set status = 'suspended' where id = $1`, [account]);
  const settled = gateway.settle({ uses: [{ account, credential: key, exit: null, down: 1 << 19 }] });
  await db.untilBlocked(1);
  await suspension.commit();
  await settled;
  await readOn();
  const record = (await read(feedStart)).records.find((each) => each.id === account);
  expect(record).toMatchObject({ status: 'suspended', balance_bytes: 1 << 19 });
});

test('gateways that enrol and leave at once leave the right number in the fleet record', async () => {
  const gateways = await Promise.all(Array.from({ length: 12 }, async () => TestGateway.enrol(db)));
  await Promise.all(gateways.slice(0, 7).map(async (gateway) => db.query('select revoke_gateway($1)', [gateway.id])));
  const { count } = await db.one<{ count: string }>('select count(*) from gateway where revoked_at is null');
  expect(await db.one(`select body -> 'size' as size from feed_record where kind = 'fleet'`)).toEqual({
    size: Number(count),
  });
});

test('a write that changes nothing is no news', async () => {
  const key = await makeKey(db, await makeAccount(db));
  await readOn();
  await db.query(`update api_key set label = 'other' where id = $1`, [key]);
  await db.query(`update fleet set maintenance = maintenance`);
  expect(await readOn()).toEqual([]);
});

test('an empty page ends where it began, and the head never lies behind a reader', async () => {
  const account = await makeAccount(db);
  await db.query(
    `insert into node (account_id, session, exit_id, generation, expires_at) values ($1, 's', 'ext_none', 1, now() - interval '1 hour')`,
    [account],
  );
  await readOn();
  // An expired node is removed without a word, and with it the newest record there was.
  await db.query('delete from node where account_id = $1', [account]);
  const page = await read(cursor);
  expect(page).toEqual({ to: cursor, head: cursor, ahead: false, records: [] });
});

test('a cursor that is not of this database is told as such and gets nothing', async () => {
  const { next } = await db.one<{ next: string }>(
    `select pg_snapshot_xmax(pg_current_snapshot())::text || '.1' as next`,
  );
  expect(await read(next)).toEqual({ to: next, head: next, ahead: true, records: [] });
});

test('an unknown token and that of a revoked gateway read nothing', async () => {
  const gateway = await TestGateway.enrol(db);
  await db.query('select revoke_gateway($1)', [gateway.id]);
  for (const token of [gateway.token, id('token')]) {
    expect(await db.query('select * from feed_page($1, $2, 10)', [token, feedStart])).toEqual([]);
  }
});

/** Reads one page. */
async function read(since: string, limit = 10_000): Promise<Page> {
  const row = await db.one<{ to_place: string; head_place: string; ahead: boolean; records: string }>(
    'select to_place, head_place, ahead, records from feed_page($1, $2, $3)',
    [reader.token, since, limit],
  );
  const records = v.parse(v.array(FeedRecord), JSON.parse(`[${row.records}]`));
  expect(compareCursors(row.head_place, row.to_place)).toBeGreaterThanOrEqual(0);
  return { to: row.to_place, head: row.head_place, ahead: row.ahead, records };
}

/** Reads what is new, and remembers how far it came. */
async function readOn(): Promise<readonly FeedRecord[]> {
  const page = await read(cursor);
  expect(page.to).toBe(page.head);
  cursor = page.to;
  return page.records;
}

function ids(records: readonly FeedRecord[]): readonly string[] {
  return records.map((record) => record.id);
}
