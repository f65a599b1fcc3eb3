import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { type FailureCode, failureEntry } from '@marvel/shared/failures';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectAnswer, connectThrough, openSocket, readAnswer } from '../test-support/connect.ts';

/** What each refusal is on the wire of the whole system: status, reason, header and body say the same. */
let stack: Stack;
beforeAll(async () => {
  stack = await createStack({ ephemeral: true });
});
afterAll(() => stack[Symbol.asyncDispose]());

const ask = (parts: { username?: string; password?: string; authority?: string; headers?: Record<string, string> }) =>
  connectThrough({
    gateway: stack.info.gateway.marvel,
    username: parts.username ?? stack.info.account.key,
    password: parts.password ?? 'country-US',
    authority: parts.authority ?? new URL(stack.info.echo).host,
    ...(parts.headers === undefined ? {} : { headers: parts.headers }),
  });

function expectRefusal(answer: ConnectAnswer, code: FailureCode): void {
  const entry = failureEntry(code);
  expect(answer.status).toBe(entry.marvel);
  expect(answer.reason).toBe(entry.reason);
  expect(answer.headers.get('x-marvel-error')).toBe(code);
  expect(answer.headers.get('proxy-status')).toContain('marvel');
  expect(answer.headers.get('x-marvel-request-id')).toMatch(/^[0-9a-f-]{16,64}$/);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
  expect(answer.body).toContain(entry.reason);
}

describe('a refused CONNECT says the same reason in four places', () => {
  it.each([
    ['session-a', 'target_missing_country'],
    ['country-USA', 'target_invalid_country'],
    ['country-US-asn-7922', 'target_asn_unsupported'],
    ['country-US-isp-comcast', 'target_asn_unsupported'],
    ['country-US-city-nyc', 'target_unknown_field'],
    ['country-US-country-DE', 'target_duplicate_field'],
    ['country-US-session', 'target_malformed'],
    ['country-US-session-a.b', 'target_invalid_session'],
    ['country-US-min_purity-101', 'target_invalid_min_purity'],
  ] as const)('%s', async (password, code) => {
    const answer = await ask({ password });
    expectRefusal(answer, code);
    expect(answer.headers.get('connection')).toBe('close');
    expect(answer.body).not.toContain(password);
  });

  it('403 for a private address, a metadata name and a mail port', async () => {
    for (const authority of [
      '10.0.0.1:443',
      '169.254.169.254:80',
      'metadata.google.internal:80',
      'example.com:25',
      '[::1]:443',
    ]) {
      expectRefusal(await ask({ authority }), 'destination_forbidden');
    }
  });

  it('503 with Retry-After for a country with no exit', async () => {
    const answer = await ask({ password: 'country-AQ' });
    expectRefusal(answer, 'no_capacity');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('502 for a destination that refuses', async () => {
    const { host, port } = stack.echo.closedPort;
    expectRefusal(await ask({ authority: `${host}:${port}` }), 'gateway_error');
  });

  it('400 for a head that cannot be read', async () => {
    const socket = await openSocket(stack.info.gateway.marvel);
    socket.write('CONNECT\r\n\r\n');
    expectRefusal(await readAnswer(socket), 'bad_request');
  });
});

describe('407', () => {
  it('is the same for missing, malformed, unknown and mistyped credentials, but for the request id', async () => {
    const typo = `${stack.info.account.key.slice(0, -1)}${stack.info.account.key.endsWith('a') ? 'b' : 'a'}`;
    const answers = [
      await ask({ headers: { 'Proxy-Authorization': 'Bearer x' } }),
      await ask({ headers: { 'Proxy-Authorization': 'Basic !!!' } }),
      await ask({ username: 'mk_live_00000000000000000000000000000000000000' }),
      await ask({ username: typo }),
      await ask({ username: typo, password: 'nonsense-', authority: '10.0.0.1:25' }),
    ];
    const comparable = answers.map(({ status, reason, headers, body }) => {
      const id = headers.get('x-marvel-request-id') ?? '';
      return JSON.stringify([
        status,
        reason,
        [...headers].map(([name, value]) => [name, value.replaceAll(id, '-')]),
        body.replaceAll(id, '-'),
      ]);
    });
    expect(new Set(comparable).size).toBe(1);
    for (const answer of answers) expectRefusal(answer, 'unauthenticated');
  });

  it('offers Basic and keeps the connection for the retry', async () => {
    const first = await ask({ username: 'mk_live_wrong' });
    expect(first.headers.get('proxy-authenticate')).toBe('Basic realm="marvel"');
    const second = await connectThrough({
      gateway: stack.info.gateway.marvel,
      socket: first.socket,
      username: stack.info.account.key,
      password: 'country-US',
      authority: new URL(stack.info.echo).host,
    });
    expect(second.status).toBe(200);
    second.socket.destroy();
  });
});

describe('200', () => {
  it('names the exit, its country, address and grade, and the session when there is one', async () => {
    const answer = await ask({ password: 'country-JP-session-cart_1' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-marvel-exit-country')).toBe('JP');
    expect(answer.headers.get('x-marvel-exit-ip')).toMatch(/^127\./);
    expect(answer.headers.get('x-marvel-exit-id')).toMatch(/^ext_/);
    expect(['S', 'A', 'B']).toContain(answer.headers.get('x-marvel-exit-grade'));
    expect(answer.headers.get('x-marvel-session-generation')).toBe('1');
    expect(Date.parse(answer.headers.get('x-marvel-session-expires') ?? '')).toBeGreaterThan(Date.now());
    answer.socket.destroy();
  });

  it('holds a session on one exit, and another key of the account shares it', async () => {
    const first = await ask({ password: 'country-US-session-shared' });
    const second = await ask({ password: 'country-US-session-shared-min_purity-1' });
    expect(second.headers.get('x-marvel-exit-id')).toBe(first.headers.get('x-marvel-exit-id'));
    first.socket.destroy();
    second.socket.destroy();
  });
});
