import { Client, neonConfig, Pool } from '@neondatabase/serverless';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startNeonFront, type NeonFront } from '../neon-front.ts';
import { preparedRun } from '../prepared-run.ts';
import { describePostgresFailure, startPostgres, type Postgres } from '../postgres.ts';

let postgres: Postgres;
let front: NeonFront;
const parts = new AsyncDisposableStack();

beforeAll(async () => {
  const started = await startPostgres({ copyOf: preparedRun()?.emptyCluster });
  if (!started.ok) throw new Error(describePostgresFailure(started.error));
  postgres = parts.use(started.value);
  front = parts.use(await startNeonFront({ port: 0, postgresPort: postgres.port }));
  neonConfig.wsProxy = front.wsProxy;
  neonConfig.useSecureWebSocket = false;
  neonConfig.webSocketConstructor = WebSocket;
});
afterAll(async () => parts.disposeAsync());

test('an interactive transaction sees its own writes and can be rolled back', async () => {
  await using pool = Object.assign(new Pool({ connectionString: postgres.url }), {
    [Symbol.asyncDispose]: async () => pool.end(),
  });
  const client = await pool.connect();
  try {
    await client.query('create table item (id int primary key, name text)');
    await client.query('begin');
    await client.query('insert into item values ($1, $2)', [1, 'one']);
    const inside = await client.query('select name from item');
    expect(inside.rows).toEqual([{ name: 'one' }]);
    await client.query('rollback');
    await client.query('begin');
    await client.query('insert into item values ($1, $2)', [2, 'two']);
    await client.query('commit');
  } finally {
    client.release();
  }
  expect((await pool.query('select id from item')).rows).toEqual([{ id: 2 }]);
});

test('10 MB travel through in both directions', async () => {
  const client = new Client(postgres.url);
  await client.connect();
  const text = 'abcdefghij'.repeat(1_000_000);
  const { rows } = await client.query<{ text: string }>('select $1::text as text', [text]);
  expect(rows[0]?.text === text).toBe(true);
  await client.end();
});

test.each([
  ['another server', '/v2?address=192.0.2.1:PORT', 403],
  ['another port', '/v2?address=127.0.0.1:1', 403],
  ['another path', '/v3', 404],
])('%s is refused', async (_, path, status) => {
  const webSocket = new WebSocket(`ws://127.0.0.1:${front.port}${path.replace('PORT', `${postgres.port}`)}`);
  const refused = new Promise((resolve) => {
    webSocket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
  });
  webSocket.on('error', () => undefined);
  expect(await refused).toBe(status);
  webSocket.terminate();
});
