import { afterAll, describe, expect, test } from 'vitest';
import { createManualClock } from '../../test-support/manual-clock.ts';
import { startScriptedApi } from '../../test-support/scripted-api.ts';
import { MarvelAPIError, MarvelConnectionError } from './errors.ts';
import { Marvel } from './marvel.ts';
import type { ReplyInfo } from './reply-info.ts';

const api = await startScriptedApi();
afterAll(async () => api[Symbol.asyncDispose]());

const clock = createManualClock();
const marvel = new Marvel({ baseUrl: api.url, token: 'sess_x', clock, random: () => 0, timeoutMs: 30_000 });
const refusedAs = (status: number, code: string, headers = {}) => ({
  status,
  body: { error: `the message of ${code}` },
  headers: { 'X-Marvel-Error': code, 'X-Request-Id': 'req-1', ...headers },
});
const me = { account_id: 'acc_12345678', email: 'a@example.com', created_at: '2026-11-20T12:00:00Z' };
const fine = { status: 200, body: me };

/** A page of a list. */
const page = (ids: readonly string[], next: string | null) => ({
  status: 200,
  body: { data: ids.map((id) => ({ id })), next_cursor: next },
});

/** What a call fails with. */
async function failureOf(call: Promise<unknown> | PromiseLike<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

describe('what is sent', () => {
  test('the token, the query as the API reads it, and nothing that is undefined', async () => {
    api.script({ status: 200, body: { balance_bytes: 0 } });
    await marvel.usage.get({ from: new Date('2026-11-01T00:00:00Z'), to: undefined, group_by: ['day', 'key'] });
    const [request] = api.seen;
    expect(request?.url).toBe('/v1/usage?from=2026-11-01T00%3A00%3A00.000Z&group_by=day%2Ckey');
    expect(request?.headers).toMatchObject({ authorization: 'Bearer sess_x', accept: 'application/json' });
    expect(request?.headers['content-type']).toBeUndefined();
  });

  test('a path below that of the base URL', async () => {
    api.script(fine);
    await new Marvel({ baseUrl: `${api.url}/edge/` }).me.get();
    expect(api.seen[0]?.url).toBe('/edge/v1/me');
    expect(api.seen[0]?.headers.authorization).toBeUndefined();
  });

  test('an id that is none of a path reaches no other path', async () => {
    api.script({ status: 204 });
    await marvel.keys.revoke('../me?x=1#y');
    expect(api.seen[0]?.url).toBe('/v1/keys/..%2Fme%3Fx%3D1%23y');
    for (const id of ['', '.', '..']) expect(await failureOf(marvel.keys.revoke(id))).toBeInstanceOf(TypeError);
    expect(api.seen).toHaveLength(1);
  });

  test('a token that changes is asked for at each call', async () => {
    api.script(fine);
    let token: string | undefined = 'sess_a';
    const changing = new Marvel({ baseUrl: api.url, token: () => token });
    await changing.me.get();
    token = undefined;
    await changing.me.get();
    expect(api.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer sess_a', undefined]);
  });

  test('an Idempotency-Key with every POST, of its own unless one is given, and with nothing else', async () => {
    api.script({ status: 201, body: {} });
    await marvel.keys.create();
    await marvel.keys.create();
    await marvel.keys.create({}, { idempotencyKey: 'mine' });
    await marvel.keys.update('key_1', {});
    await marvel.me.get();
    const [first, second, third, ...others] = api.seen.map(({ headers }) => headers['idempotency-key']);
    expect(first).toMatch(/^sdk-[0-9a-f]{32}$/);
    expect(second).toMatch(/^sdk-[0-9a-f]{32}$/);
    expect(second).not.toBe(first);
    expect([third, ...others]).toEqual(['mine', undefined, undefined]);
  });
});

describe('a refusal', () => {
  test('has its code, status, message and request id, and is not tried again', async () => {
    api.script(
      refusedAs(409, 'conflict', {
        Link: '</docs/errors#conflict>; rel="help"',
        'X-RateLimit-Limit': '600',
        'X-RateLimit-Remaining': '7',
        'X-RateLimit-Reset': '60',
      }),
    );
    const error = await failureOf(marvel.me.get());
    expect(error).toBeInstanceOf(MarvelAPIError);
    expect(error).toMatchObject({
      name: 'MarvelAPIError',
      status: 409,
      code: 'conflict',
      message: 'the message of conflict',
      requestId: 'req-1',
      fix: 'Read the resource, then decide again.',
      docs: `${api.url}/docs/errors#conflict`,
      details: { issues: [], tries: 1, rateLimit: { limit: 600, remaining: 7, resetAt: new Date(60_000) } },
    });
    expect(api.seen).toHaveLength(1);
  });

  test('of a field names it', async () => {
    api.script({
      status: 422,
      body: { error: 'limits.hosts_allow.0: must be a host name' },
      headers: { 'X-Marvel-Error': 'invalid' },
    });
    expect(await failureOf(marvel.keys.create())).toMatchObject({
      code: 'invalid',
      details: { issues: [{ path: 'limits.hosts_allow.0', message: 'must be a host name' }] },
    });
  });

  test.each([
    ['a page of something on the way', { status: 404, text: '<html>not here</html>' }],
    ['nothing', { status: 404 }],
    ['JSON of something else', { status: 404, body: [1] }],
  ])('that is %s is unknown, and holds none of it', async (_, reply) => {
    api.script(reply);
    expect(await failureOf(marvel.me.get())).toMatchObject({
      code: 'unknown',
      status: 404,
      message: 'the reply has status 404',
      requestId: undefined,
    });
  });
});

describe('a retry', () => {
  test('comes after 1, 2, 4 and 8 s, is the same request, and the fifth refusal is the answer', async () => {
    api.script(refusedAs(503, 'unavailable'));
    const failure = failureOf(marvel.keys.create({ label: 'crawler' }));
    for (const [index, ms] of [1000, 2000, 4000, 8000].entries()) {
      await clock.waitedFor(ms);
      expect(api.seen).toHaveLength(index + 1);
      clock.advance(ms);
    }
    expect(await failure).toMatchObject({ code: 'unavailable', details: { tries: 5 } });
    expect(api.seen).toHaveLength(5);
    expect(new Set(api.seen.map(({ body }) => body))).toEqual(new Set(['{"label":"crawler"}']));
    expect(new Set(api.seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(clock.waits).toEqual([]);
  });

  test('ends with the first reply that is no refusal, and only that one is told of', async () => {
    const replies: ReplyInfo[] = [];
    api.script(refusedAs(429, 'rate_limited', { 'Retry-After': '17' }), fine);
    const call = marvel.me.get({ onReply: (info) => replies.push(info) });
    await clock.waitedFor(17_000);
    clock.advance(17_000);
    expect(await call).toEqual(me);
    expect(replies.map(({ status, tries }) => [status, tries])).toEqual([[200, 2]]);
  });

  test('does not come once the call was sent as often as the client allows', async () => {
    api.script(refusedAs(503, 'unavailable'));
    const impatient = new Marvel({ baseUrl: api.url, clock, random: () => 0, maxTries: 2 });
    const failure = failureOf(impatient.me.get());
    await clock.waitedFor(1000);
    clock.advance(1000);
    expect(await failure).toMatchObject({ code: 'unavailable', details: { tries: 2 } });
    expect(api.seen).toHaveLength(2);
  });

  test('does not come when the wait is given up', async () => {
    api.script(refusedAs(503, 'unavailable'));
    const giveUp = new AbortController();
    const failure = failureOf(marvel.me.get({ signal: giveUp.signal }));
    await clock.waitedFor(1000);
    const reason = new Error('enough');
    giveUp.abort(reason);
    expect(await failure).toBe(reason);
    expect(api.seen).toHaveLength(1);
    expect(clock.waits).toEqual([]);
  });
});

describe('no reply', () => {
  test('within the time is a timeout, and is not tried again', async () => {
    api.script('never');
    const failure = failureOf(marvel.me.get({ timeoutMs: 5000 }));
    await api.arrived(1);
    await clock.waitedFor(5000);
    clock.advance(5000);
    const error = await failure;
    expect(error).toBeInstanceOf(MarvelConnectionError);
    expect(error).toMatchObject({ code: 'timed_out', message: 'no reply within 5000 ms' });
    expect(api.seen).toHaveLength(1);
  });

  test('when it breaks off in the middle is a failure of the connection', async () => {
    api.script('cut');
    expect(await failureOf(marvel.me.get())).toMatchObject({ code: 'connection_failed' });
    expect(clock.waits).toEqual([]);
  });

  test('where nobody listens is a failure of the connection that names the host and not the token', async () => {
    const error = await failureOf(new Marvel({ baseUrl: 'http://127.0.0.1:9', token: 'sess_secret' }).me.get());
    expect(error).toMatchObject({ code: 'connection_failed', message: '127.0.0.1:9 cannot be reached' });
    expect(JSON.stringify(error)).not.toContain('sess_secret');
  });

  test('is what a caller who gives up waits for no longer; one who had before sends nothing', async () => {
    api.script('never');
    const giveUp = new AbortController();
    const failure = failureOf(marvel.me.get({ signal: giveUp.signal }));
    await api.arrived(1);
    giveUp.abort();
    expect(await failure).toMatchObject({ name: 'AbortError' });
    expect(await failureOf(marvel.me.get({ signal: giveUp.signal }))).toMatchObject({ name: 'AbortError' });
    expect(api.seen).toHaveLength(1);
  });

  test('but one that is not JSON is unreadable', async () => {
    api.script({ status: 200, text: 'fine' });
    expect(await failureOf(marvel.me.get())).toMatchObject({ code: 'reply_unreadable' });
  });
});

describe('a list', () => {
  test('sends nothing before it is asked for, and gives its first page to await', async () => {
    api.script(page(['inv_1'], 'inv_1'));
    const list = marvel.invoices.list({ limit: 1 });
    expect(api.seen).toHaveLength(0);
    expect(await list).toMatchObject({ next_cursor: 'inv_1' });
    expect(api.seen.map(({ url }) => url)).toEqual(['/v1/invoices?limit=1']);
  });

  test('gives every row of every page, a page at a time', async () => {
    api.script(page(['a', 'b'], 'b'), page([], 'c'), page(['d'], null));
    const rows: string[] = [];
    for await (const { id } of marvel.invoices.list({ limit: 2 })) rows.push(`${id} after ${api.seen.length}`);
    expect(rows).toEqual(['a after 1', 'b after 1', 'd after 3']);
    expect(api.seen.map(({ url }) => url)).toEqual([
      '/v1/invoices?limit=2',
      '/v1/invoices?limit=2&cursor=b',
      '/v1/invoices?limit=2&cursor=c',
    ]);
  });

  test('can be left early, and does not go round for ever', async () => {
    api.script(page(['a', 'b'], 'same'));
    expect(await marvel.invoices.list().take(1)).toEqual([{ id: 'a' }]);
    expect(api.seen).toHaveLength(1);
    expect(await failureOf(marvel.invoices.list().take(100))).toMatchObject({
      message: 'the list does not go on after same',
    });
  });

  test('as CSV comes a page at a time, with the cursor of the next', async () => {
    api.script(
      { status: 200, text: 'id\r\n1\r\n', headers: { Link: '</v1/ledger?limit=1&cursor=41>; rel="next"' } },
      { status: 200, text: 'id\r\n2\r\n' },
    );
    expect(await marvel.ledger.csv({ limit: 1 })).toEqual({ csv: 'id\r\n1\r\n', nextCursor: '41' });
    expect(await marvel.ledger.csv({ limit: 1, cursor: '41' })).toEqual({ csv: 'id\r\n2\r\n', nextCursor: null });
    expect(api.seen[0]?.headers.accept).toBe('text/csv');
  });
});
