import * as v from 'valibot';
import { afterAll, expect, test } from 'vitest';
import { startDatabase } from '../test-support/database.ts';
import { id, makeAccount, makeKey } from '../test-support/world.ts';

const db = await startDatabase();
afterAll(async () => db[Symbol.asyncDispose]());

const Told = v.pipe(v.string(), v.parseJson(), v.array(v.tuple([v.string(), v.string(), v.string(), v.number()])));
type Line = v.InferOutput<typeof Told>[number];

/** As many as a batch may have. */
const maxLines = 1000;
/** As long as what is told may be, bytes, and its brackets. */
const maxTold = 2_000_002;

/** A gateway that says it has so many tunnels open of each credential. Gives what the others are to hear. */
async function say(account: string, tunnels: ReadonlyMap<string, number>): Promise<readonly Line[]> {
  const [gateway, token] = [id('gtw'), id('digest"\\')];
  await db.query(`insert into gateway (id, name, token_digest, public_key) values ($1, 'g', $2, '{}')`, [
    gateway,
    token,
  ]);
  const open = [...tunnels].map(([credential, count]) => ({ credential, tunnels: count }));
  await db.query('select note_reports($1, $2::jsonb, now())', [gateway, JSON.stringify({ exits: [], pins: [], open })]);
  return [...tunnels].map(([credential, count]) => [token, credential, account, count]);
}

async function told(): Promise<{ readonly lines: readonly Line[]; readonly bytes: number }> {
  const { text } = await db.one<{ text: string }>('select tunnels_by_gateway() as text');
  return { lines: v.parse(Told, text), bytes: Buffer.byteLength(text) };
}

function sorted(lines: readonly Line[]): readonly string[] {
  return lines.map((line) => JSON.stringify(line)).toSorted();
}

async function limitedAccount(): Promise<string> {
  const account = await makeAccount(db);
  await db.query('update account set threads = 5 where id = $1', [account]);
  return account;
}

test('every line of every gateway is told, of those alone that are heard of', async () => {
  const account = await limitedAccount();
  const keys = await Promise.all(Array.from({ length: 250 }, async () => makeKey(db, account)));
  const first = await say(account, new Map(keys.map((key, index) => [key, index + 1])));
  const second = await say(account, new Map(keys.slice(0, 3).map((key) => [key, 7])));
  await say(account, new Map());
  expect(sorted((await told()).lines)).toEqual(sorted([...first, ...second]));

  await db.query('update gateway set revoked_at = now() where token_digest = $1', [second[0]?.[0]]);
  expect(sorted((await told()).lines)).toEqual(sorted(first));
  await db.query(`update gateway_tunnels set said_at = now() - interval '16 seconds'`);
  expect(await told()).toEqual({ lines: [], bytes: 2 });
});

test('what is told is bounded, and of each gateway those stay of which it has most', async () => {
  const account = await limitedAccount();
  await db.query(
    `insert into api_key (id, account_id, digest, prefix, label, mode)
     select 'key_bound' || n, $1, 'bound' || n, 'mk_live_0000', '', 'live' from generate_series(1, $2) n`,
    [account, maxLines],
  );
  const tunnels = new Map(Array.from({ length: maxLines }, (_, index) => [`key_bound${index + 1}`, index + 1]));
  const gateways = await Promise.all(Array.from({ length: 40 }, async () => say(account, tunnels)));
  const { lines, bytes } = await told();
  expect(bytes).toBeLessThanOrEqual(maxTold);
  expect(bytes).toBeGreaterThan(maxTold * 0.98);
  const found = new Set(sorted(lines));
  expect(found.size).toBe(lines.length);
  for (const gateway of gateways) expect(sorted(gateway.slice(-100)).filter((line) => !found.has(line))).toEqual([]);
});
