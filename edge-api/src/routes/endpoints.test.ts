import { randomBytes } from 'node:crypto';
import { failureCodes, failureEntry } from '@marvel/shared/failures';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectFailure, startEdge, type CallOptions, type Reply } from '../../test-support/edge.ts';
import { readOperations, type Operation } from '../../test-support/operations.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());
const operations = readOperations((await edge.call('GET', '/v1/openapi.json')).json);

const byName = operations.map((operation) => [operation.name, operation] as const);
const withToken = byName.filter(([, { access }]) => access !== 'public');
// A gateway is known by the statement that also serves it, after its signed body was read.
const withBody = byName.filter(([, { access, maxBodyBytes }]) => access !== 'gateway' && maxBodyBytes !== undefined);
const withJson = withBody.filter(([, { codes }]) => codes.has('unsupported_media_type'));

/** Ids that nobody has. */
const parameters: Readonly<Record<string, string>> = { id: 'abc_0000000000', country: 'US', session: 'nobody' };
const someText = 'x5Wk0pQz';
const tokens: Record<Operation['access'], string | undefined> = {
  public: undefined,
  operator: edge.operatorToken,
  session: undefined,
  gateway: undefined,
};

beforeAll(async () => {
  tokens.session = (await edge.signUp()).token;
});

async function send({ method, path, access }: Operation, options: CallOptions = {}): Promise<Reply> {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? name);
  return edge.call(method, filled, { token: tokens[access], ...options });
}

/** Sends requests until one is answered so; the Worker goes by what it knew for up to a second. */
async function until(isSo: (reply: Reply) => boolean): Promise<void> {
  const maxTries = 2000;
  for (let tries = 0; tries < maxTries; tries += 1) {
    if (isSo(await edge.call('GET', '/v1/bundles'))) return;
  }
  throw new Error('the Worker never came to know it');
}

test('every operation of the document tells of one success and of the failures that any can have', () => {
  for (const { name, access, path, statuses, codes } of operations) {
    const expected = ['internal', 'unavailable'];
    if (access !== 'public') expected.push('unauthenticated');
    if (access !== 'gateway') expected.push('rate_limited');
    if (path.includes('{')) expected.push('not_found');
    expect([name, ...codes]).toEqual(expect.arrayContaining([name, ...expected]));
    expect([name, statuses.filter((status) => status < 400).length]).toEqual([name, 1]);
  }
});

test('the catalogue gives the API a status for exactly the failures that it can answer with', () => {
  // What no operation answers: it is said in place of one.
  const beside = ['method_not_allowed'];
  const answered = new Set([...operations.flatMap(({ codes }) => [...codes]), ...beside]);
  const given = failureCodes.filter((code) => failureEntry(code).api !== null);
  expect(given.toSorted()).toEqual([...answered].toSorted());
});

describe('routing', () => {
  test('a path that there is not is 404, whatever its depth and method', async () => {
    for (const path of ['/v1', '/v1/', '/v1/nothing', '/v1/keys/key_12345678/nothing', '/v2/keys', '/v1/keys/']) {
      expectFailure(await edge.call('GET', path), 'not_found');
      expectFailure(await edge.call('POST', path, { body: {} }), 'not_found');
    }
  });

  test('a method that a path does not have is 405, naming those it has', async () => {
    const paths = Map.groupBy(operations, ({ path }) => path);
    const answered = [...paths.values()].map(async (group) => {
      const [first] = group;
      const methods = group.map(({ method }) => method);
      const allowed = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
      const all = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
      const others = all.filter((method) => !methods.includes(method));
      if (first === undefined) return;
      for (const reply of await Promise.all(others.map(async (method) => send({ ...first, method })))) {
        expectFailure(reply, 'method_not_allowed');
        expect(reply.headers.get('Allow')?.split(', ').toSorted()).toEqual(allowed.toSorted());
      }
    });
    await Promise.all(answered);
  });
});

describe('every endpoint', () => {
  const others = byName.filter(([, { access }]) => access !== 'gateway');

  test.each(others)('%s refuses a query parameter that it does not have, naming it', async (name, operation) => {
    const needed = operation.query.includes('gateway') ? 'gateway=gtw_00000000&' : '';
    const path = `${operation.path}?${needed}no_such_thing=1`;
    const reply = await send({ ...operation, path }, operation.maxBodyBytes === undefined ? {} : { body: {} });
    // Stripe posts to whatever address it was given.
    if (name === 'POST /v1/webhooks/stripe') expectFailure(reply, 'signature_invalid');
    else expectFailure(reply, 'invalid', 'no_such_thing: is not known here');
  });
});

describe('every endpoint that needs a token', () => {
  test.each(withToken)('%s answers 401 alike to none, an unknown and another kind of token', async (_, operation) => {
    const wrong = [undefined, 'sess_unknown', `gw_${'0'.repeat(43)}`, '', 'x'.repeat(600)];
    if (operation.access !== 'session') wrong.push(tokens.session);
    if (operation.access !== 'operator') wrong.push(tokens.operator);
    const isGateway = operation.access === 'gateway';
    const body = isGateway && operation.method === 'POST' ? {} : undefined;
    const replies = await Promise.all([
      ...wrong.map(async (token) => send(operation, { token, body })),
      send(operation, { token: undefined, headers: { Authorization: 'Basic eDp5' } }),
    ]);
    for (const reply of replies) expectFailure(reply, 'unauthenticated');
  });
});

describe('every endpoint with a body', () => {
  test.each(withBody)('%s refuses a body past its bound, announced or not', async (_, operation) => {
    const { maxBodyBytes = 0 } = operation;
    const headers = { 'Content-Type': 'application/json' };
    const message = `The body must have at most ${maxBodyBytes} bytes`;
    expectFailure(await send(operation, { announcedBytes: maxBodyBytes + 1, headers }), 'payload_too_large', message);
    const chunk = new Uint8Array(16 * 1024).fill(0x20);
    let left = maxBodyBytes + 1;
    const chunked = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(chunk.subarray(0, Math.min(left, chunk.length)));
        left -= chunk.length;
        if (left <= 0) controller.close();
      },
    });
    expectFailure(await send(operation, { body: chunked, headers }), 'payload_too_large', message);
  });
});

describe('every endpoint with a JSON body', () => {
  test.each(withJson)('%s refuses other media types', async (_, operation) => {
    const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'text/json; a=b'];
    const replies = types.map(async (type) => send(operation, { body: '{}', headers: { 'Content-Type': type } }));
    for (const reply of await Promise.all(replies)) {
      expectFailure(reply, 'unsupported_media_type', 'Content-Type: must be application/json');
    }
  });

  test.each(withJson)('%s refuses what is not JSON in UTF-8', async (_, operation) => {
    const headers = { 'Content-Type': 'application/json; charset=utf-8' };
    const bodies = ['{', `{"${someText}": }`, 'null,', '\u{feff}{}x', `'${someText}'`];
    const replies = bodies.map(async (body) => send(operation, { body, headers }));
    for (const reply of await Promise.all(replies)) {
      expectFailure(reply, 'bad_request', 'The body is not JSON in UTF-8');
    }
  });

  test.each(withJson)(
    '%s refuses what is not an object of the fields it knows, and repeats none of it',
    async (_, operation) => {
      const headers = { 'Content-Type': 'application/vnd.marvel+json' };
      const bodies = [
        '[]',
        'null',
        '7',
        `"${someText}"`,
        `{"${someText}!": "${someText}"}`,
        `{"other_field": "${someText}"}`,
        `{"__proto__": {"a": 1}}`,
      ];
      for (const reply of await Promise.all(bodies.map(async (body) => send(operation, { body, headers })))) {
        expect(reply.status).toBe(422);
        expect(reply.headers.get('X-Marvel-Error')).toMatch(/^(?:invalid|target_missing_country)$/);
        expect(reply.text).not.toContain(someText);
      }
    },
  );
});

describe('every endpoint with parameters', () => {
  const withParameters = byName.filter(([, { path }]) => path.includes('{'));

  test.each(withParameters)('%s takes text that cannot be an id for the id of nothing', async (_, operation) => {
    const { method, path, access } = operation;
    const token = tokens[access];
    const body = method === 'PUT' || method === 'PATCH' ? {} : undefined;
    const values = ['-', 'x'.repeat(300), '%00', "'%20or%201=1", '..%2F..', '%F0%9F%92%A9'];
    const paths = values.map((value) => path.replaceAll(/\{\w+\}/g, value));
    for (const reply of await Promise.all(paths.map(async (filled) => edge.call(method, filled, { token, body })))) {
      expect(['not_found', 'target_invalid_country', 'invalid']).toContain(reply.headers.get('X-Marvel-Error'));
      expect([404, 422]).toContain(reply.status);
    }
  });
});

describe('maintenance', () => {
  test('is answered 503 with Retry-After by every endpoint but those that say otherwise, until it ends', async () => {
    await edge.database.query('update fleet set maintenance = true');
    await until((reply) => reply.headers.get('X-Marvel-Error') === 'maintenance');
    const known = operations.filter(({ access }) => access !== 'gateway');
    const closed = known.filter(({ codes }) => codes.has('maintenance'));
    for (const reply of await Promise.all(closed.map(async (operation) => send(operation)))) {
      expectFailure(reply, 'maintenance');
      expect(Number(reply.headers.get('Retry-After'))).toBeGreaterThan(0);
    }
    for (const operation of known.filter(({ codes }) => !codes.has('maintenance'))) {
      expect((await send(operation)).headers.get('X-Marvel-Error')).not.toBe('maintenance');
    }
    expect((await edge.call('GET', '/v1/status')).json).toMatchObject({ status: 'maintenance', maintenance: true });
    await edge.database.query('update fleet set maintenance = false');
    await until((reply) => reply.status === 200);
  });
});

describe('a fault of ours', () => {
  test('is 500 without detail, and logged with the request id and no value of the query', async () => {
    const { token } = await edge.signUp();
    const password = randomBytes(12).toString('hex');
    const email = `${randomBytes(6).toString('hex')}@example.com`;
    await edge.database.query('alter table account rename column threads to threads_away');
    const reply = await edge.call('POST', '/v1/accounts', { token, body: { email, password } });
    await edge.database.query('alter table account rename column threads_away to threads');
    expectFailure(reply, 'internal');
    const logged = edge.logs();
    expect(logged).toContain(reply.headers.get('X-Request-Id'));
    expect(logged).toContain('42703');
    for (const secret of [token, password, email, edge.operatorToken, edge.database.postgres.url, '$argon2id$']) {
      expect(logged).not.toContain(secret);
    }
  });
});

describe('the database away', () => {
  test('is answered 503 by every endpoint that needs it, and told by the status', async () => {
    await edge.database.front.stop();
    try {
      const bodies: Readonly<Record<string, unknown>> = {
        'POST /v1/accounts': { email: 'a@example.com', password: 'long enough' },
        'POST /v1/sessions': { email: 'a@example.com', password: 'long enough' },
      };
      const needNone = new Set([
        'GET /v1/errors',
        'GET /v1/openapi.json',
        'GET /v1/status',
        'POST /v1/webhooks/stripe',
      ]);
      for (const operation of operations) {
        if (needNone.has(operation.name) || operation.access === 'operator' || operation.access === 'gateway') continue;
        const body = bodies[operation.name];
        expectFailure(await send(operation, body === undefined ? {} : { body }), 'unavailable');
      }
      expect((await edge.call('GET', '/v1/errors')).status).toBe(200);
      expect((await edge.call('GET', '/v1/status')).json).toMatchObject({
        status: 'unavailable',
        database: 'unavailable',
      });
    } finally {
      await edge.database.front.start();
    }
    await until((reply) => reply.status === 200);
  });
});
