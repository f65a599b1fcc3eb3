import { randomBytes } from 'node:crypto';
import { makeProxyKey } from '@marvel/shared/key-format';
import { failures } from '@marvel/shared/failures';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../test-support/event-log.ts';
import { pattern, Received, writePattern } from '../test-support/pattern.ts';
import { ScriptedExit } from '../test-support/scripted-exit.ts';
import { answersEach, leadsTo, ok, type SeenRequest, takeRequest } from '../test-support/scripted-origin.ts';
import { account, credential, TestGateway } from '../test-support/test-gateway.ts';
import { connectRequest, Wire, type WireAnswer } from '../test-support/wire.ts';

let gateway: TestGateway;
let exit: ScriptedExit;
let seen: SeenRequest[];
beforeEach(async () => {
  gateway = await TestGateway.start();
  seen = [];
  exit = await ScriptedExit.start(answersEach(seen, () => ok('hello')));
  gateway.addExit(exit.port);
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await exit[Symbol.asyncDispose]();
});

interface Asked {
  readonly method?: string;
  readonly uri?: string;
  readonly key?: string;
  readonly target?: string;
  readonly fields?: string;
  readonly version?: string;
}

function request({ method = 'GET', uri = 'http://example.com/', version = '1.1', ...options }: Asked = {}): string {
  const { key = gateway.key, target = 'country-US', fields = '' } = options;
  const basic =
    key === '' ? '' : `Proxy-Authorization: Basic ${Buffer.from(`${key}:${target}`).toString('base64')}\r\n`;
  return `${method} ${uri} HTTP/${version}\r\nHost: example.com\r\n${basic}${fields}\r\n`;
}

async function open(text: string): Promise<Wire> {
  const wire = await Wire.open(gateway.address);
  wire.send(text);
  return wire;
}

async function ask(wire: Wire, text: string): Promise<WireAnswer> {
  wire.send(text);
  return wire.answer();
}

async function code(asked: Asked): Promise<string | undefined> {
  const wire = await open(request(asked));
  const answer = await wire.answer();
  wire.close();
  return answer.fields.get('x-marvel-error');
}

/** What the meter counted, once all requests have ended. */
async function counted(requests: number): Promise<{ up: number; down: number }> {
  await eventually(() => {
    expect(gateway.tunnels).toHaveLength(requests);
  });
  const { spenders } = gateway.meter;
  const up = spenders.reduce((sum, spender) => sum + spender.bytesUp, 0);
  const down = spenders.reduce((sum, spender) => sum + spender.bytesDown, 0);
  for (const spender of spenders) {
    expect(spender.ends).toBe(1);
    expect(spender.takenBytes - spender.untakenBytes).toBe(spender.bytesUp + spender.bytesDown);
  }
  expect(gateway.tunnels.reduce((sum, event) => sum + event.bytesUp, 0)).toBe(up);
  expect(gateway.tunnels.reduce((sum, event) => sum + event.bytesDown, 0)).toBe(down);
  return { up, down };
}

describe('a request', () => {
  test('goes on in origin-form, and its answer comes with the exit named; both are counted to the byte, heads included', async () => {
    const wire = await open(request({ uri: 'http://Example.COM:8080/a?b=c', fields: 'X-A: 1\r\n' }));
    const answer = await wire.answer();
    expect(exit.heads[0]).toContain('CONNECT example.com:8080 HTTP/1.1\r\n');
    expect(seen).toEqual([{ head: 'GET /a?b=c HTTP/1.1\r\nHost: Example.COM:8080\r\nX-A: 1\r\n\r\n', body: '' }]);
    expect(answer.statusLine).toBe('HTTP/1.1 200 OK');
    expect(answer.body).toBe('hello');
    expect(Object.fromEntries(answer.fields)).toEqual({
      'content-length': '5',
      'x-marvel-request-id': gateway.tunnels[0]?.requestId,
      'x-marvel-exit-id': 'ext_0001',
      'x-marvel-exit-ip': '198.51.100.7',
      'x-marvel-exit-country': 'US',
      'x-marvel-exit-asn': '64500',
      'x-marvel-exit-purity': '95',
      'x-marvel-exit-grade': 'S',
    });
    expect(await counted(1)).toEqual({ up: seen[0]?.head.length, down: answer.text.length });
    expect(gateway.tunnels[0]).toMatchObject({
      requestId: answer.fields.get('x-marvel-request-id'),
      account,
      credential,
      destination: { host: 'example.com', port: 8080 },
      exit: 'ext_0001',
      end: 'completed',
      http: { method: 'GET', status: 200 },
    });
    wire.close();
  });

  test.each([
    ['GET', 'Content-Length: 5\r\n', 'abcde'],
    ['POST', 'Content-Length: 5\r\n', 'abcde'],
    ['POST', 'Content-Length: 0\r\n', ''],
    ['PUT', 'Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\n\r\n'],
    ['PUT', 'Transfer-Encoding: Chunked\r\n', '5;a=b\r\nabcde\r\n0\r\nX-T: 1\r\n\r\n'],
  ])('takes its body along: %s %s', async (method, fields, body) => {
    const wire = await open('');
    for (let index = 0; index < 2; index += 1) {
      expect((await ask(wire, request({ method, fields }) + body)).body).toBe('hello');
      wire.send(request({ method, fields }));
      for (const byte of body) wire.send(byte);
      expect((await wire.answer()).body).toBe('hello');
    }
    expect(seen.map((one) => one.body)).toEqual([body, body, body, body]);
    expect(exit.heads).toHaveLength(1);
    const { up } = await counted(4);
    expect(up).toBe(seen.reduce((sum, one) => sum + one.head.length + one.body.length, 0));
    wire.close();
  });

  test('waits for 100 Continue where its client does', async () => {
    exit.script = leadsTo(async (client) => {
      expect(await client.takeHead()).toContain('Expect: 100-continue\r\n');
      await client.send(Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'));
      expect((await client.take(4)).toString()).toBe('body');
      await client.send(Buffer.from(ok('done')));
    });
    const wire = await open(request({ method: 'POST', fields: 'Content-Length: 4\r\nExpect: 100-continue\r\n' }));
    expect(await wire.head()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect((await ask(wire, 'body')).body).toBe('done');
    wire.close();
  });

  test('that was answered before it was whole ends its connection', async () => {
    exit.script = leadsTo(async (client) => {
      await client.takeHead();
      await client.send(Buffer.from('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n'));
    });
    const wire = await open(request({ method: 'POST', fields: 'Content-Length: 4\r\nExpect: 100-continue\r\n' }));
    const answer = await wire.answer();
    expect([answer.status, answer.fields.get('connection')]).toEqual([417, 'close']);
    expect(await wire.ended).toBe('fin');
    wire.close();
  });

  test('of a client that half-closes behind it is answered', async () => {
    const wire = await open(request());
    wire.finish();
    const answer = await wire.answer();
    expect(answer.body).toBe('hello');
    expect(await wire.ended).toBe('fin');
  });
});

describe('a connection', () => {
  test('carries 100 requests over one dial', async () => {
    exit.script = answersEach(seen, (_, index) => ok(`answer ${index}`));
    const wire = await open('');
    let bytes = 0;
    for (let index = 0; index < 100; index += 1) {
      const answer = await ask(wire, request());
      expect(answer.body).toBe(`answer ${index}`);
      bytes += answer.text.length;
    }
    expect(exit.heads).toHaveLength(1);
    expect(gateway.meter.dials).toHaveLength(1);
    expect(await counted(100)).toEqual({ up: seen.reduce((sum, one) => sum + one.head.length, 0), down: bytes });
    wire.close();
    await eventually(() => {
      expect(exit.sockets.size).toBe(0);
    });
  });

  test('has what is sent ahead answered in order', async () => {
    exit.script = answersEach(seen, (one) => ok(/^\S+ (\S+)/.exec(one.head)?.[1] ?? ''));
    const wire = await open(
      [1, 2, 3].map((number) => request({ uri: `http://example.com/${number}` })).join('') +
        request({ method: 'POST', fields: 'Content-Length: 3\r\n', uri: 'http://example.com/4' }) +
        'abc' +
        request({ uri: 'http://other.example.com/5' }) +
        request({ uri: 'http://example.com/6', fields: 'Connection: close\r\n' }),
    );
    for (let number = 1; number <= 6; number += 1) expect((await wire.answer()).body).toBe(`/${number}`);
    expect(await wire.ended).toBe('fin');
    expect(exit.heads).toHaveLength(3);
    wire.close();
  });

  test.each([
    ['another host', { uri: 'http://other.example.com/' }],
    ['another port', { uri: 'http://example.com:8080/' }],
    ['another session', { target: 'country-US-session-a' }],
    ['another target', { target: 'country-US-min_purity-10' }],
  ])('dials anew for %s', async (_, other) => {
    const wire = await open('');
    await ask(wire, request());
    expect((await ask(wire, request(other))).status).toBe(200);
    expect(exit.heads).toHaveLength(2);
    await eventually(() => {
      expect(exit.sockets.size).toBe(1);
    });
    wire.close();
  });

  test('dials anew for another key, and when its exit is gone', async () => {
    const other = makeProxyKey('live', randomBytes);
    gateway.fleet.addKey(other, { id: 'key_0002', account, test: false, limits: {} });
    const wire = await open('');
    await ask(wire, request());
    expect((await ask(wire, request({ key: other }))).status).toBe(200);
    expect(exit.heads).toHaveLength(2);
    gateway.fleet.exitsById.delete('ext_0001');
    gateway.fleet.tell({ kind: 'tombstone', of: 'exit', id: 'ext_0001' });
    const answer = await ask(wire, request({ key: other }));
    expect([answer.status, answer.fields.get('x-marvel-error')]).toEqual([503, 'no_capacity']);
    wire.close();
  });

  test('keeps a sticky session on its exit, and says so each time', async () => {
    const wire = await open('');
    const target = 'country-US-session-a';
    for (let index = 0; index < 3; index += 1) {
      expect((await ask(wire, request({ target }))).fields.get('x-marvel-session-generation')).toBe('1');
    }
    expect(exit.heads).toHaveLength(1);
    wire.close();
  });

  test('judges each request by itself', async () => {
    const wire = await open('');
    expect((await ask(wire, request())).status).toBe(200);
    gateway.fleet.removeKey(gateway.key);
    const answer = await ask(wire, request());
    expect([answer.status, answer.reason]).toEqual([407, failures.unauthenticated.reason]);
    expect(seen).toHaveLength(1);
    wire.close();
  });

  test('turns into a tunnel when one is asked for', async () => {
    const wire = await open('');
    await ask(wire, request());
    wire.send(connectRequest('example.com:80', { key: gateway.key }));
    expect((await wire.answer()).statusLine).toBe('HTTP/1.1 200 Connection established');
    wire.send('GET / HTTP/1.1\r\n\r\n');
    expect(await wire.head()).toBe('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
    wire.close();
  });

  test('is closed when the next request does not come', async () => {
    await using other = await TestGateway.start({ MARVEL_NEXT_REQUEST_TIMEOUT_MS: '50' });
    other.addExit(exit.port);
    const wire = await Wire.open(other.address);
    wire.send(request({ key: other.key }));
    expect((await wire.answer()).status).toBe(200);
    expect(await wire.ended).toBe('fin');
    wire.close();
    await eventually(() => {
      expect(exit.sockets.size).toBe(0);
    });
  });

  test.each(['Connection: close\r\n', 'Proxy-Connection: close\r\n'])(
    'ends when its client wants that: %s',
    async (fields) => {
      const wire = await open(request({ fields }));
      expect((await wire.answer()).fields.get('connection')).toBe('close');
      expect(await wire.ended).toBe('fin');
      wire.close();
    },
  );

  test('ends after one request over HTTP/1.0, which is asked as such', async () => {
    const wire = await open(request({ version: '1.0', fields: 'Connection: keep-alive\r\n' }));
    const answer = await wire.answer();
    expect([answer.body, answer.fields.get('connection')]).toEqual(['hello', 'close']);
    expect(seen[0]?.head).toBe('GET / HTTP/1.0\r\nHost: example.com\r\n\r\n');
    expect(await wire.ended).toBe('fin');
    wire.close();
  });
});

describe('a refusal', () => {
  test.each([
    ['origin-form', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['asterisk-form', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['another scheme', 'GET https://example.com/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['user information', 'GET http://a@example.com/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['two framings', 'POST http://a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['chunks in HTTP/1.0', 'POST http://a/ HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ])('of %s is 400, even to a stranger', async (_, text) => {
    const wire = await open(text);
    const answer = await wire.answer();
    expect([answer.status, answer.fields.get('x-marvel-error')]).toEqual([400, 'bad_request']);
    expect(await wire.ended).toBe('fin');
    wire.close();
  });

  test('for want of credentials leaves the connection open where the request has no body, and HEAD without one', async () => {
    const wire = await open(request({ key: '', method: 'HEAD' }));
    expect(await wire.head()).toMatch(/^HTTP\/1\.1 407 .*\r\nContent-Length: [1-9]/s);
    expect((await ask(wire, request({ key: '' }))).status).toBe(407);
    expect((await ask(wire, request())).status).toBe(200);
    const answer = await ask(wire, `${request({ key: '', method: 'POST', fields: 'Content-Length: 3\r\n' })}abc`);
    expect([answer.status, answer.fields.get('connection')]).toEqual([407, 'close']);
    expect(await wire.ended).toBe('fin');
    wire.close();
  });

  test('comes in the one order, and costs nothing', async () => {
    gateway.meter.standingNow = 'balance_exhausted';
    const uri = 'http://127.0.0.1/';
    expect(await code({ uri, target: 'x', key: makeProxyKey('live', randomBytes) })).toBe('unauthenticated');
    expect(await code({ uri, target: 'x' })).toBe('target_malformed');
    expect(await code({ uri })).toBe('destination_forbidden');
    expect(await code({})).toBe('balance_exhausted');
    gateway.meter.standingNow = 'spendable';
    expect(await code({ target: 'country-DE' })).toBe('no_capacity');
    exit.script = (socket) => socket.destroy();
    expect(await code({})).toBe('gateway_error');
    expect(gateway.meter.spenders).toEqual([]);
  });

  test('of a later request leaves nothing of the earlier one open', async () => {
    const wire = await open('');
    await ask(wire, request());
    expect((await ask(wire, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).status).toBe(400);
    await eventually(() => {
      expect(exit.sockets.size).toBe(0);
    });
    wire.close();
  });

  test('of a body whose chunks break is 400, and the exit is left', async () => {
    const wire = await open(request({ method: 'POST', fields: 'Transfer-Encoding: chunked\r\n' }));
    await eventually(() => {
      expect(exit.sockets.size).toBe(1);
    });
    const answer = await ask(wire, '5\r\nabcdeXX');
    expect([answer.status, answer.fields.get('connection')]).toEqual([400, 'close']);
    expect(await wire.ended).toBe('fin');
    await eventually(() => {
      expect(exit.sockets.size).toBe(0);
    });
    await counted(1);
    expect(gateway.tunnels[0]?.end).toBe('malformed_request');
    wire.close();
  });

  test('bounds requests by the threads of a key', async () => {
    gateway.limit({ threads: 1 });
    exit.script = leadsTo(async (client) => {
      await takeRequest(client);
    });
    const first = await open(request());
    await eventually(() => {
      expect(gateway.meter.spenders).toHaveLength(1);
    });
    const second = await open(request());
    expect((await second.answer()).status).toBe(429);
    first.close();
    second.close();
  });
});

describe('an origin', () => {
  const broken: [string, string][] = [
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na'],
    ['a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['another coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a signed length', 'HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na'],
    ['a protocol nobody asked for', 'HTTP/1.1 101 Switching\r\n\r\n'],
    ['a lone line feed', 'HTTP/1.1 200 OK\r\nX: a\nb\r\n\r\n'],
    ['a folded field', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['an endless head', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}`],
  ];
  test.each(broken)('that answers with %s is 502, and its connection is closed', async (_, text) => {
    exit.script = leadsTo(async (client) => {
      await takeRequest(client);
      await client.send(Buffer.from(text, 'latin1'));
    });
    const wire = await open(request());
    const answer = await wire.answer();
    expect([answer.status, answer.fields.get('x-marvel-error')]).toEqual([502, 'gateway_error']);
    expect(await wire.ended).toBe('fin');
    await eventually(() => {
      expect(exit.sockets.size).toBe(0);
    });
    await counted(1);
    expect(gateway.tunnels[0]).toMatchObject({ end: 'malformed_response', bytesDown: 0 });
    expect(gateway.meter.refusals).toEqual([{ credential, code: 'gateway_error' }]);
    wire.close();
  });

  test.each([
    ['hangs up', (client: { socket: { end(): unknown } }) => client.socket.end()],
    ['breaks its head off', (client: { socket: { end(text: string): unknown } }) => client.socket.end('HTTP/1.1 2')],
    ['resets', (client: { socket: { resetAndDestroy(): unknown } }) => client.socket.resetAndDestroy()],
  ])('that %s before its answer is 502', async (_, act) => {
    exit.script = leadsTo(async (client) => {
      await takeRequest(client);
      act(client);
    });
    const wire = await open(request());
    expect((await wire.answer()).status).toBe(502);
    await counted(1);
    expect(exit.heads).toHaveLength(1);
    wire.close();
  });

  test.each([
    ['a length', 'Content-Length: 100\r\n\r\nabc'],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nabc'],
  ])('that is lost in the middle of an answer with %s ends the client’s connection', async (_, text) => {
    exit.script = leadsTo(async (client) => {
      await takeRequest(client);
      await client.send(Buffer.from(`HTTP/1.1 200 OK\r\n${text}`));
      await eventually(() => {
        expect(gateway.meter.spenders[0]?.bytesDown).toBeGreaterThan(0);
      });
      client.socket.resetAndDestroy();
    });
    const wire = await open(request());
    const head = await wire.head();
    await wire.drain();
    const { down } = await counted(1);
    expect(down).toBe(head.length + (text.split('\r\n\r\n')[1] ?? '').length);
    expect(gateway.tunnels[0]?.end).toBe('exit_lost');
  });

  test('that ends its answer with its connection ends the client’s too, whole', async () => {
    exit.script = leadsTo(async (client) => {
      await takeRequest(client);
      await client.send(Buffer.from('HTTP/1.1 200 OK\r\nX: 1\r\n\r\n'));
      client.socket.end(pattern(0, 300_000));
    });
    const wire = await open(request());
    expect(await wire.head()).toMatch(/^HTTP\/1\.1 200 OK\r\nX: 1\r\nX-Marvel.*\r\nConnection: close\r\n\r\n$/s);
    expect(await wire.drain()).toEqual({ bytes: 300_000, end: 'fin' });
    await counted(1);
    expect(gateway.tunnels[0]?.end).toBe('completed');
    wire.close();
  });

  test('that wants to close is dialled anew for the next request, on the same connection of the client', async () => {
    exit.script = answersEach(seen, () =>
      ok('hello', 'Connection: close, X-Own\r\nX-Own: 1\r\nKeep-Alive: timeout=5\r\n'),
    );
    const wire = await open('');
    for (let index = 0; index < 2; index += 1) {
      const answer = await ask(wire, request());
      expect(answer.body).toBe('hello');
      for (const name of ['connection', 'x-own', 'keep-alive']) expect(answer.fields.has(name)).toBe(false);
    }
    expect(exit.heads).toHaveLength(2);
    wire.close();
  });

  test('that closed in between is asked again on a fresh connection, and the request is paid once', async () => {
    let connections = 0;
    exit.script = leadsTo(async (client) => {
      connections += 1;
      if (connections === 1) {
        seen.push(await takeRequest(client));
        await client.send(Buffer.from(ok('first')));
        await takeRequest(client);
        client.socket.resetAndDestroy();
        return;
      }
      seen.push(await takeRequest(client));
      await client.send(Buffer.from(ok('second')));
    });
    const wire = await open('');
    const answers = [await ask(wire, request()), await ask(wire, request())];
    expect(answers.map(({ body }) => body)).toEqual(['first', 'second']);
    expect(await counted(2)).toEqual({
      up: seen.reduce((sum, one) => sum + one.head.length, 0),
      down: answers.reduce((sum, one) => sum + one.text.length, 0),
    });
    expect(gateway.meter.spenders.map(({ isCancelled }) => isCancelled)).toEqual([false, true, false]);
    wire.close();
  });

  test('that closed in between is not asked twice to do what may not be done twice', async () => {
    let connections = 0;
    exit.script = leadsTo(async (client) => {
      connections += 1;
      await takeRequest(client);
      await client.send(Buffer.from(ok('first')));
      await takeRequest(client);
      client.socket.resetAndDestroy();
    });
    const wire = await open('');
    await ask(wire, request());
    expect((await ask(wire, request({ method: 'POST', fields: 'Content-Length: 0\r\n' }))).status).toBe(502);
    expect(connections).toBe(1);
    wire.close();
  });

  test('that sends more than its answer is not asked again', async () => {
    exit.script = answersEach(seen, () => `${ok('hello')}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`);
    const wire = await open('');
    for (let index = 0; index < 3; index += 1) expect((await ask(wire, request())).body).toBe('hello');
    expect(exit.heads).toHaveLength(3);
    wire.close();
  });

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'content-length'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'transfer-encoding'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 'content-length'],
    ['GET', 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n', 'x-a'],
  ])('answers without a body, and the next request follows: %s %s', async (method, text, field) => {
    exit.script = answersEach(seen, () => text);
    const wire = await open('');
    for (let index = 0; index < 3; index += 1) {
      wire.send(request({ method }));
      expect((await wire.head()).toLowerCase()).toContain(`\r\n${field}: `);
    }
    expect(exit.heads).toHaveLength(1);
    wire.close();
  });

  test('cannot speak for the gateway', async () => {
    exit.script = answersEach(seen, () =>
      ok(
        '',
        'X-Marvel-Exit-Id: ext_9\r\nX-Marvel-Error: x\r\nProxy-Authenticate: Basic\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n',
      ),
    );
    const wire = await open(request());
    const head = await wire.head();
    expect(head).not.toMatch(/ext_9|X-Marvel-Error|Proxy-Authenticate/);
    expect(head).toContain('Set-Cookie: a\r\nSet-Cookie: b\r\n');
    wire.close();
  });
});

describe('bodies of any size', () => {
  const total = 3_000_003;

  test('go up and down whole, and are counted to the byte', async () => {
    let up: Received | undefined;
    exit.script = leadsTo(async (client) => {
      await client.takeHead();
      up = new Received(client.socket);
      await eventually(() => {
        expect(up?.bytes).toBe(total);
      });
      client.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
      await writePattern(client.socket, total);
    });
    const wire = await open(request({ method: 'PUT', fields: `Content-Length: ${total}\r\n` }));
    expect(await writePattern(wire.socket, total)).toBe(total);
    const head = await wire.head();
    const down = new Received(wire.socket);
    await eventually(() => {
      expect(down).toMatchObject({ bytes: total, brokenAt: -1 });
    });
    expect(up).toMatchObject({ bytes: total, brokenAt: -1 });
    const sent = `PUT / HTTP/1.1\r\nHost: example.com\r\nContent-Length: ${total}\r\n\r\n`;
    expect(await counted(1)).toEqual({ up: sent.length + total, down: head.length + total });
    wire.close();
  });

  test('wait in the kernels while a client does not read', async () => {
    const endless = 200_000_000;
    let wrote = 0;
    exit.script = leadsTo(async (client) => {
      await takeRequest(client);
      client.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${endless}\r\n\r\n`);
      client.socket.on('drain', () => {});
      const piece = pattern(0, 1_000_000);
      while (client.socket.write(piece) || client.socket.writableLength < 4_000_000) wrote += piece.length;
    });
    const wire = await open(request());
    await wire.head();
    wire.socket.pause();
    await eventually(() => {
      const [spender] = gateway.meter.spenders;
      const held = (spender?.takenBytes ?? 0) - (spender?.bytesDown ?? 0) - (spender?.bytesUp ?? 0);
      expect(held).toBeGreaterThan(0);
      expect(held).toBeLessThanOrEqual(131_072);
    });
    expect(wrote).toBeGreaterThan(0);
    wire.close();
    await counted(1);
    expect(gateway.tunnels[0]?.end).toBe('client_lost');
    await eventually(() => {
      expect(exit.sockets.size).toBe(0);
    });
  });

  test('stop where the budget does: held while it waits, cut when it is dry', async () => {
    exit.script = answersEach(seen, () => ok('x'.repeat(10_000)));
    gateway.meter.purseBytes = 1000;
    const wire = await open(request());
    const head = await wire.head();
    await eventually(() => {
      expect(gateway.meter.purseBytes).toBe(0);
    });
    gateway.meter.grant(2000);
    await eventually(() => {
      expect(gateway.meter.purseBytes).toBe(0);
    });
    gateway.meter.spenders[0]?.events.onDry('dry');
    const { bytes } = await wire.drain();
    const { up, down } = await counted(1);
    expect(up + down).toBe(3000);
    expect(down).toBe(head.length + bytes);
    expect(gateway.tunnels[0]?.end).toBe('budget_dry');
  });
});

test('a client that goes away in the middle of its answer, or of its request, takes the exit’s connection along', async () => {
  exit.script = leadsTo(async (client) => {
    const { head } = await takeRequest(client);
    if (head.startsWith('GET')) await client.send(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'));
  });
  const first = await open(request());
  await first.head();
  first.socket.resetAndDestroy();
  const second = await open(`${request({ method: 'PUT', fields: 'Content-Length: 100\r\n' })}abc`);
  await eventually(() => {
    expect(gateway.meter.spenders[1]?.bytesUp).toBeGreaterThan(0);
  });
  second.finish();
  await counted(2);
  expect(gateway.tunnels.map(({ end }) => end)).toEqual(['client_lost', 'client_lost']);
  await eventually(() => {
    expect(exit.sockets.size).toBe(0);
  });
  second.close();
});

test('a revoked key ends its requests', async () => {
  exit.script = leadsTo(async (client) => {
    await takeRequest(client);
  });
  const wire = await open(request());
  await eventually(() => {
    expect(gateway.meter.spenders[0]?.bytesUp).toBeGreaterThan(0);
  });
  gateway.fleet.removeKey(gateway.key);
  await wire.ended;
  await counted(1);
  expect(gateway.tunnels[0]?.end).toBe('credential_ended');
});

test.each([600, 3])('%i requests sent at once are all served, in order', async (count) => {
  const padding = `X-Padding: ${'x'.repeat(300)}\r\n`;
  const requests = Array.from({ length: count }, (_, index) =>
    request({ uri: `http://example.com/${index}`, fields: padding }),
  );
  // The last one comes in two pieces, the second of them together with an answer.
  const all = requests.join('');
  const wire = await open(all.slice(0, -40));
  for (let index = 0; index < count; index += 1) {
    if (index === count - 1) wire.send(all.slice(-40));
    expect(await wire.answer()).toMatchObject({ status: 200 });
  }
  expect(seen.map(({ head }) => head.split(' ')[1])).toEqual(requests.map((_, index) => `/${index}`));
  wire.close();
});

test.each([
  ['ends in pieces', ['0\r\n', '\r', '\n']],
  ['has trailers in pieces', ['0\r\n', 'X-Sum: 1\r\n', '\r\n']],
])('a body of chunks whose end %s arrives', async (_what, pieces) => {
  const wire = await open(
    request({ method: 'POST', uri: 'http://example.com/', fields: 'Transfer-Encoding: chunked\r\n' }),
  );
  wire.send('3\r\nabc\r\n');
  await eventually(() => {
    expect(gateway.meter.spenders[0]?.bytesUp).toBeGreaterThan(0);
  });
  for (const piece of pieces) {
    wire.send(piece);
    await new Promise(setImmediate);
  }
  expect(await wire.answer()).toMatchObject({ status: 200, body: 'hello' });
  wire.close();
});

test('an exit that is lost in the moment of the next request is not asked, whatever the request is', async () => {
  const wire = await open(request());
  expect((await wire.answer()).status).toBe(200);
  await eventually(() => {
    expect(gateway.tunnels).toHaveLength(1);
  });
  // Both reach the gateway before it has its turn.
  for (const socket of exit.sockets) socket.resetAndDestroy();
  expect((await ask(wire, request({ method: 'POST', fields: 'Content-Length: 0\r\n' }))).status).toBe(200);
  expect(exit.heads).toHaveLength(2);
  await counted(2);
  wire.close();
});
