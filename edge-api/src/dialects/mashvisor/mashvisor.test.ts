import { Key } from '@marvel/shared/api/key';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeApiKey } from '../../../test-support/api-key.ts';
import { startEdge, type Reply } from '../../../test-support/edge.ts';
import { addExits } from '../../../test-support/reserve.ts';

const requestsAMinute = 12;
const edge = await startEdge({ rateLimits: { account: requestsAMinute } });
afterAll(async () => edge[Symbol.asyncDispose]());
const client = '/dialects/mashvisor/v1.1/client';

async function get(path: string, key?: string): Promise<Reply> {
  return edge.call('GET', `${client}${path}`, { headers: key === undefined ? {} : { 'x-api-key': key } });
}

async function newKey(): Promise<string> {
  return (await makeApiKey(edge, await edge.signUp(5_000))).api_key;
}

/** Asks until the Worker, which goes by what it knew for up to a second, answers with a status. */
async function until(status: number, ask: () => Promise<Reply>): Promise<Reply> {
  const maxTries = 2000;
  for (let tries = 0; tries < maxTries; tries += 1) {
    const reply = await ask();
    if (reply.status === status) return reply;
  }
  throw new Error(`never answered ${status}`);
}

async function setMaintenance(on: boolean): Promise<void> {
  await edge.database.query('update fleet set maintenance = $1', [on]);
}

beforeAll(async () => {
  await addExits(edge, [
    { country: 'US', exitIp: '8.8.8.1' },
    { country: 'US', exitIp: '8.8.8.2' },
    { country: 'DE', exitIp: '9.9.9.1' },
  ]);
});

describe('each error of Mashvisor’s documentation', () => {
  const rows: readonly [number, string, () => Promise<Reply>][] = [
    [
      400,
      'country: invalid country code; expected ISO 3166-1 alpha-2, e.g. country-US',
      bad('/availability?country=1'),
    ],
    [400, 'a query parameter appears twice', bad('/usage?from=2026-01-01&from=2026-01-02')],
    [401, 'Invalid api access Key', async () => get('/keys', 'a-wrong-key')],
    [401, 'Invalid api access Key', async () => get('/keys')],
    [404, 'The specified property could not be found.', bad('/availability?country=FR')],
    [404, 'The specified property could not be found.', bad('/city/investment/CA/Berkeley')],
    [429, "You're sending too many requests! Slow down!", tooOften],
    [500, 'We had a problem with our server. Try again later.', broken],
    [503, "We're temporarily offline for maintenance. Please try again later.", inMaintenance],
  ];

  test.each(rows)('%i says "%s"', async (code, message, provoke) => {
    const reply = await provoke();
    expect([reply.status, reply.json]).toEqual([code, { status: 'error', code, message }]);
    expect(reply.headers.get('Content-Type')).toMatch(/^application\/json/);
  });

  function bad(path: string) {
    return async () => get(path, await newKey());
  }

  async function tooOften(): Promise<Reply> {
    const key = await newKey();
    let reply = await get('/keys', key);
    for (let more = 0; more < requestsAMinute; more += 1) reply = await get('/keys', key);
    expect(Number(reply.headers.get('Retry-After'))).toBeGreaterThan(0);
    return reply;
  }

  async function broken(): Promise<Reply> {
    const key = await newKey();
    await edge.database.query('alter table api_key rename column label to label_away');
    try {
      return await get('/keys', key);
    } finally {
      await edge.database.query('alter table api_key rename column label_away to label');
    }
  }

  async function inMaintenance(): Promise<Reply> {
    await setMaintenance(true);
    const reply = await until(503, async () => get('/availability', await newKeyInMaintenance));
    await setMaintenance(false);
    await until(401, async () => get('/availability', 'x'));
    return reply;
  }
  const newKeyInMaintenance = newKey();

  test('2xx is an envelope with what was asked for', async () => {
    const key = await newKey();
    expect((await get('/availability', key)).json).toMatchObject({
      status: 'success',
      content: {
        count: 2,
        results: [
          { country: 'DE', exits: 1 },
          { country: 'US', exits: 2 },
        ],
      },
    });
    expect((await get('/availability?country=us', key)).json).toMatchObject({
      content: { count: 1, results: [{ country: 'US', exits: 2, dominant_grade: 'S' }] },
    });
    expect((await get('/usage?group_by=day', key)).json).toMatchObject({
      status: 'success',
      content: { balance_bytes: 5_000, used_bytes: 0, count: 0, results: [] },
    });
  });
});

describe('keys', () => {
  test('are those of the account, without their secrets', async () => {
    const account = await edge.signUp();
    const made = await edge.call('POST', '/v1/keys', { token: account.token, body: { label: 'mine' } });
    const { key } = v.parse(v.object({ key: v.string() }), made.json);
    const reply = await get('/keys', (await makeApiKey(edge, account, { access: 'read' })).api_key);
    const { content } = v.parse(
      v.object({ content: v.strictObject({ count: v.number(), results: v.array(Key) }) }),
      reply.json,
    );
    expect(content).toMatchObject({ count: 1, results: [{ label: 'mine' }] });
    expect(reply.text).not.toContain(key);
  });
});
