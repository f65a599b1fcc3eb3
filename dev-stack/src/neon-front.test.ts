import { neon, NeonDbError, neonConfig } from '@neondatabase/serverless';
import { Client } from 'pg';
import * as v from 'valibot';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startNeonFront, type NeonFront } from './neon-front.ts';
import { createSessions } from './neon-front/sessions.ts';
import { preparedRun } from './prepared-run.ts';
import { describePostgresFailure, startPostgres, type Postgres } from './postgres.ts';

const BackendPids = v.strictTuple([v.object({ pid: v.number() })]);
let postgres: Postgres;
let front: NeonFront;
const parts = new AsyncDisposableStack();

beforeAll(async () => {
  const started = await startPostgres({ copyOf: preparedRun()?.emptyCluster });
  if (!started.ok) throw new Error(describePostgresFailure(started.error));
  postgres = parts.use(started.value);
  front = parts.use(await startNeonFront({ port: 0, postgresPort: postgres.port }));
  neonConfig.fetchEndpoint = front.fetchEndpoint;
});
afterAll(async () => parts.disposeAsync());

beforeEach(async () => {
  const sql = neon(postgres.url);
  await sql`drop table if exists item`;
  await sql`create table item (id int primary key, name text not null constraint name_is_short check (length(name) < 10))`;
});

/** A session that goes round the front, to look at and to hold locks with. */
async function directSession(): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString: postgres.adminUrl });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: async () => client.end() });
}

async function failure(promise: Promise<unknown>): Promise<NeonDbError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof NeonDbError)) throw new TypeError(`not a NeonDbError: ${String(error)}`);
  return error;
}

/** A request as only another client than the driver would send it. */
async function post(
  body: string,
  headers: Record<string, string> = {},
  endpoint: string = front.fetchEndpoint,
): Promise<{ status: number; json: unknown }> {
  const response = await fetch(endpoint, {
    method: 'POST',
    body,
    headers: { 'Neon-Connection-String': postgres.url, ...headers },
  });
  return { status: response.status, json: await response.json() };
}

describe('neon() over HTTP', () => {
  test('values of every kind arrive as the driver would read them from Neon', async () => {
    const sql = neon(postgres.url);
    const moment = new Date('2026-02-03T04:05:06.789Z');
    const rows = await sql`
      select ${12}::int4 as int4, ${'9007199254740993'}::int8 as int8, ${true}::bool as bool, ${null}::text as nothing,
             ${'é€😀\u0001'}::text as text, ${moment}::timestamptz as moment, ${[1, 2, 3]}::int4[] as list,
             ${JSON.stringify({ a: [1] })}::jsonb as json, ${Buffer.from([0, 255])} as bytes, ${'1.50'}::numeric as numeric`;
    expect(rows).toEqual([
      {
        int4: 12,
        int8: '9007199254740993',
        bool: true,
        nothing: null,
        text: 'é€😀\u0001',
        moment,
        list: [1, 2, 3],
        json: { a: [1] },
        bytes: Buffer.from([0, 255]),
        numeric: '1.50',
      },
    ]);
  });

  test('array mode and full results', async () => {
    const sql = neon(postgres.url, { arrayMode: true, fullResults: true });
    const result = await sql`select 1 as a, 'x' as a`;
    expect(result).toMatchObject({ command: 'SELECT', rowCount: 1, rowAsArray: true, rows: [[1, 'x']] });
    expect(result.fields).toMatchObject([
      { name: 'a', dataTypeID: 23, dataTypeSize: 4, format: 'text' },
      { name: 'a', dataTypeID: 25, dataTypeSize: -1, format: 'text' },
    ]);
    expect(await sql`insert into item values (1, 'one'), (2, 'two')`).toMatchObject({ command: 'INSERT', rowCount: 2 });
  });

  test('a constraint that is broken is told by SQLSTATE, constraint, table and column', async () => {
    const sql = neon(postgres.url);
    await sql`insert into item values (1, 'one')`;
    expect(await failure(sql`insert into item values (1, 'two')`)).toMatchObject({
      code: '23505',
      severity: 'ERROR',
      constraint: 'item_pkey',
      schema: 'public',
      table: 'item',
      detail: 'Key (id)=(1) already exists.',
      message: 'duplicate key value violates unique constraint "item_pkey"',
    });
    expect(await failure(sql`insert into item values (2, null)`)).toMatchObject({ code: '23502', column: 'name' });
    expect(await failure(sql`insert into item values (3, 'far too long')`)).toMatchObject({
      constraint: 'name_is_short',
    });
    expect(await failure(sql`selec 1`)).toMatchObject({ code: '42601', position: '1' });
  });

  test('an exception raised in PL/pgSQL keeps its code, hint and context', async () => {
    const sql = neon(postgres.url);
    const raise = sql`do $$ begin raise exception 'no' using errcode = 'MV001', hint = 'try less'; end $$`;
    expect(await failure(raise)).toMatchObject({
      code: 'MV001',
      hint: 'try less',
      where: expect.stringContaining('PL/pgSQL') as unknown,
    });
  });

  test('several commands in one statement are refused, as by Neon', async () => {
    expect(await failure(neon(postgres.url).query('select 1; select 2'))).toMatchObject({ code: '42601' });
  });

  test('a statement that opens a transaction does not leave it to the next request', async () => {
    const sql = neon(postgres.url);
    await sql`begin`;
    await using watcher = await directSession();
    await vi.waitFor(async () => {
      const { rows } = await watcher.query(
        `select count(*)::int as n from pg_stat_activity where state like 'idle in%'`,
      );
      expect(rows).toEqual([{ n: 0 }]);
    });
  });

  test('200 requests at once are all answered', async () => {
    const sql = neon(postgres.url);
    const answers = await Promise.all(Array.from({ length: 200 }, async (_, n) => sql`select ${n}::int as n`));
    expect(answers).toEqual(Array.from({ length: 200 }, (_, n) => [{ n }]));
  });
});

describe('neon().transaction()', () => {
  test('commits all statements together and gives the rows of each', async () => {
    const sql = neon(postgres.url);
    const results = await sql.transaction([
      sql`insert into item values (1, 'one')`,
      sql`insert into item values (2, 'two') returning id`,
      sql`select pg_current_xact_id()::text = any(array_agg(xmin::text)) as same from item`,
    ]);
    expect(results).toEqual([[], [{ id: 2 }], [{ same: true }]]);
  });

  test('a failing statement undoes those before it and tells its code', async () => {
    const sql = neon(postgres.url);
    const transaction = sql.transaction([sql`insert into item values (1, 'one')`, sql`select 1 / 0`, sql`select 1`]);
    expect(await failure(transaction)).toMatchObject({ code: '22012' });
    expect(await sql`select count(*)::int as n from item`).toEqual([{ n: 0 }]);
  });

  test('a constraint that is checked at commit is told too', async () => {
    const sql = neon(postgres.url);
    await sql`alter table item add constraint later unique (name) deferrable initially deferred`;
    const same = [sql`insert into item values (1, 'same')`, sql`insert into item values (2, 'same')`];
    expect(await failure(sql.transaction(same))).toMatchObject({ code: '23505', constraint: 'later' });
    expect(await sql`select count(*)::int as n from item`).toEqual([{ n: 0 }]);
  });

  test('isolation level, read only and deferrable reach the server', async () => {
    const sql = neon(postgres.url);
    const settings = sql`select current_setting('transaction_isolation') as level,
      current_setting('transaction_read_only') as read_only, current_setting('transaction_deferrable') as deferrable`;
    expect(
      await sql.transaction([settings], { isolationLevel: 'Serializable', readOnly: true, deferrable: true }),
    ).toEqual([[{ level: 'serializable', read_only: 'on', deferrable: 'on' }]]);
    expect(await sql.transaction([settings], { isolationLevel: 'RepeatableRead' })).toEqual([
      [{ level: 'repeatable read', read_only: 'off', deferrable: 'off' }],
    ]);
    expect(await failure(sql.transaction([sql`delete from item`], { readOnly: true }))).toMatchObject({
      code: '25006',
    });
  });
});

describe('requests that the driver would not send', () => {
  test.each([
    ['bad JSON', '{"query":'],
    ['no query', '{}'],
    ['a query that is no text', '{"query":1}'],
    ['an array', '[]'],
  ])('%s is 400', async (_, body) => {
    expect(await post(body)).toMatchObject({ status: 400, json: { message: expect.any(String) as unknown } });
  });

  test('an unknown isolation level is 400', async () => {
    const answer = await post('{"queries":[]}', { 'Neon-Batch-Isolation-Level': 'Chaos' });
    expect(answer).toEqual({ status: 400, json: { message: 'invalid isolation level' } });
  });

  test('without the headers for text and arrays, rows are objects of JSON values', async () => {
    const query = `select 1::int2 as n, 1.5::float8 as f, 'NaN'::float4 as nan, true as b, '{"a":1}'::jsonb as j, 2::int8 as big, null as z`;
    expect(await post(JSON.stringify({ query }))).toMatchObject({
      status: 200,
      json: { rowAsArray: false, rows: [{ n: 1, f: 1.5, nan: 'NaN', b: true, j: { a: 1 }, big: '2', z: null }] },
    });
  });

  test.each([
    ['another server', 'postgres://marvel:marvel@192.0.2.1:PORT/marvel'],
    ['another port', 'postgres://marvel:marvel@127.0.0.1/marvel'],
    ['no database', 'postgres://marvel:marvel@127.0.0.1:PORT/'],
    ['no user', 'postgres://127.0.0.1:PORT/marvel'],
    ['another protocol', 'http://marvel:marvel@127.0.0.1:PORT/marvel'],
    ['nothing', ''],
  ])('a connection string with %s is 400', async (_, template) => {
    const headers = { 'Neon-Connection-String': template.replace('PORT', `${postgres.port}`) };
    expect(await post('{"query":"select 1"}', headers)).toMatchObject({ status: 400 });
  });

  test('a wrong password and an unknown database are told by SQLSTATE', async () => {
    const wrongPassword = neon(postgres.url.replace(':marvel@', ':wrong@'));
    expect(await failure(wrongPassword`select 1`)).toMatchObject({ code: '28P01' });
    const wrongDatabase = neon(postgres.url.replace(/marvel$/, 'absent'));
    expect(await failure(wrongDatabase`select 1`)).toMatchObject({ code: '3D000' });
  });

  test('a body over 10 MiB is 413, an answer over 10 MiB is 507, and the session goes on', async () => {
    expect((await post(JSON.stringify({ query: 'select 1', params: ['x'.repeat(11 * 1024 * 1024)] }))).status).toBe(
      413,
    );
    expect(
      (await post(JSON.stringify({ query: `select repeat('x', 1024) from generate_series(1, 11000)` }))).status,
    ).toBe(507);
    expect((await post(JSON.stringify({ query: 'select 1' }))).status).toBe(200);
  });

  test('other paths and methods are refused', async () => {
    expect((await fetch(front.fetchEndpoint)).status).toBe(405);
    expect((await fetch(`${front.url}/elsewhere`, { method: 'POST' })).status).toBe(404);
  });
});

describe('a client that goes away', () => {
  test('takes its statement with it, so that nothing holds the lock it waited for', async () => {
    await using holder = await directSession();
    await holder.query('begin; lock table item');
    const abandon = new AbortController();
    const request = neon(postgres.url, {
      fetchOptions: { signal: abandon.signal },
    })`insert into item values (1, 'one')`;
    const settled = failure(request);
    await using watcher = await directSession();
    const waiting = async (): Promise<number> => {
      const { rows } = await watcher.query<{ n: number }>('select count(*)::int as n from pg_locks where not granted');
      return rows[0]?.n ?? 0;
    };
    await vi.waitFor(async () => expect(await waiting()).toBe(1));

    abandon.abort();

    await settled;
    await vi.waitFor(async () => expect(await waiting()).toBe(0), { timeout: 5_000 });
    await holder.query('rollback');
    expect(await neon(postgres.url)`select count(*)::int as n from item`).toEqual([{ n: 0 }]);
  });
});

describe('faults', () => {
  test('a stopped front refuses and a started one serves again', async () => {
    const sql = neon(postgres.url);
    await front.stop();
    expect(await failure(sql`select 1`)).toMatchObject({ sourceError: { message: 'fetch failed' } });
    await front.start();
    expect(await sql`select 1 as n`).toEqual([{ n: 1 }]);
  });

  test('stopping it in the middle of a transaction undoes the transaction', async () => {
    const sql = neon(postgres.url);
    await using watcher = await directSession();
    const running = async (): Promise<number> => {
      const text = `select count(*)::int as n from pg_stat_activity where query like 'select pg_sleep%'`;
      return (await watcher.query<{ n: number }>(text)).rows[0]?.n ?? 0;
    };
    const settled = failure(sql.transaction([sql`insert into item values (1, 'one')`, sql`select pg_sleep(20)`]));
    await vi.waitFor(async () => expect(await running()).toBe(1));
    await front.stop();
    await settled;
    await front.start();
    await vi.waitFor(async () => expect(await running()).toBe(0), { timeout: 5_000 });
    expect(await sql`select count(*)::int as n from item`).toEqual([{ n: 0 }]);
  });

  test('a delayed request is overtaken by one that is not', async () => {
    await using slow = await startNeonFront({ port: 0, postgresPort: postgres.port });
    slow.delay(200);
    const order: string[] = [];
    await Promise.all([
      post('{"query":"select 1"}', {}, slow.fetchEndpoint).then(() => order.push('delayed')),
      post('{"query":"select 1"}').then(() => order.push('later')),
    ]);
    expect(order).toEqual(['later', 'delayed']);
  });

  test('requests fail while the database is away and work when it is back', async () => {
    const sql = neon(postgres.url);
    await postgres.stop();
    expect((await failure(sql`select 1`)).message).toContain('HTTP status 500');
    await postgres.start();
    expect(await sql`select 1 as n`).toEqual([{ n: 1 }]);
  });

  test('a session that dies between two statements fails the next one, and not the process', async () => {
    const sessions = createSessions(postgres.port);
    const { username: user, password, pathname } = new URL(postgres.url);
    const opened = await sessions.open({ user, password, database: pathname.slice(1) });
    if (!opened.ok) throw new Error(JSON.stringify(opened.error));
    const client = opened.value;
    const { rows } = await client.query('select pg_backend_pid() as pid');
    await using direct = await directSession();
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    client.once('end', resolve);
    await direct.query('select pg_terminate_backend($1)', [v.parse(BackendPids, rows)[0].pid]);
    await ended;
    await expect(client.query('select 1')).rejects.toThrow(/not queryable|connection/i);
    client.release(true);
    await sessions.close();
  });
});
