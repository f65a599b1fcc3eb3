import { readFile } from 'node:fs/promises';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { fetch as undiciFetch, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFakeProxy, type FakeProxy } from '../../test-support/fake-proxy.ts';
import { MarvelDispatcher, type MarvelDispatcherOptions } from '../undici/dispatcher.ts';
import { proxyAgents } from './agents.ts';
import { exitOf } from './exit-of.ts';
import { tunnelOpener, type ProxyOptions } from './open-tunnel.ts';
import { MarvelProxyError, proxyErrorOf } from './proxy-error.ts';

let stack: Stack;
let ca: string;
let fake: FakeProxy;
beforeAll(async () => {
  stack = await createStack({ ephemeral: true });
  ca = await readFile(stack.info.certificate_file, 'utf8');
  fake = await startFakeProxy();
});
afterAll(async () => {
  await fake[Symbol.asyncDispose]();
  await stack[Symbol.asyncDispose]();
});

/** A proxy of the demo account. */
function via(target: string, listener: 'marvel' | 'marvel_tls' = 'marvel'): string {
  const { account, gateway } = stack.info;
  return `${listener === 'marvel' ? 'http' : 'https'}://${account.key}:${target}@${gateway[listener]}`;
}

/** The response to a GET with one of our agents. */
async function get(url: string, options: ProxyOptions): Promise<IncomingMessage> {
  const agents = proxyAgents(options);
  return new Promise((resolve, reject) => {
    const asked = url.startsWith('https')
      ? getHttps(url, { agent: agents.https, ca }, resolve)
      : getHttp(url, { agent: agents.http }, resolve);
    asked.on('error', reject);
  });
}

function dispatcher(options: MarvelDispatcherOptions): MarvelDispatcher {
  return new MarvelDispatcher({ requestTls: { ca }, ...options });
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Its types are of another version of undici. */
const fetchOfRuntime = fetch as unknown as typeof undiciFetch;

const origins = [
  ['http', () => stack.info.echo],
  ['https', () => stack.info.echo_tls],
] as const;

describe.each(origins)('%s through a gateway', (_, origin) => {
  test('with an agent of node:http tells which exit it came through', async () => {
    const response = await get(origin(), { proxy: via('country-DE') });
    expect(response.statusCode).toBe(200);
    const seen = JSON.parse(await text(response)) as { remote: { address: string } };
    expect(exitOf(response)).toMatchObject({ country: 'DE', grade: expect.stringMatching(/^[SAB]$/) as string });
    expect(exitOf(response)?.requestId).toBeTypeOf('string');
    expect(exitOf(response)?.session).toBeUndefined();
    expect(seen.remote.address).toBeTypeOf('string');
  });

  test('with TLS to the gateway, and a sticky session', async () => {
    const proxyTls = { ca, servername: 'localhost' };
    const response = await get(origin(), { proxy: via('country-DE-session-agent', 'marvel_tls'), proxyTls });
    expect(exitOf(response)?.session).toEqual({ generation: 1, expiresAt: expect.any(Date) as Date });
    response.resume();
  });

  test.each([
    ['the runtime', fetchOfRuntime],
    ['undici', undiciFetch],
  ])('with fetch of %s tells which exit it came through', async (_name, fetchIt) => {
    await using through = disposable(dispatcher({ proxy: via('country-DE-session-fetch') }));
    const response = await fetchIt(`${origin()}/bytes/100000`, { dispatcher: through.value });
    expect((await response.arrayBuffer()).byteLength).toBe(100_000);
    expect(exitOf(response)).toMatchObject({ country: 'DE', session: { generation: 1 } });
    expect(response.headers.get('x-marvel-exit-ip')).toBe(exitOf(response)?.exitIp);
  });

  test('with request of undici, a body included', async () => {
    await using through = disposable(dispatcher({ proxy: via('country-DE') }));
    const { body, ...response } = await request(origin(), {
      dispatcher: through.value,
      method: 'POST',
      body: 'x'.repeat(70_000),
    });
    expect(JSON.parse(await body.text())).toMatchObject({ received_bytes: 70_000 });
    expect(exitOf(response)).toMatchObject({ country: 'DE' });
  });
});

function disposable(value: MarvelDispatcher): AsyncDisposable & { readonly value: MarvelDispatcher } {
  return { value, [Symbol.asyncDispose]: async () => value.close() };
}

test('each request has a tunnel of its own, unless they are to be kept', async () => {
  for (const [keepAlive, tunnels] of [
    [false, 3],
    [true, 1],
  ] as const) {
    const opened: unknown[] = [];
    const onTunnel = (exit: unknown) => opened.push(exit);
    await using through = disposable(dispatcher({ proxy: via('country-DE'), keepAlive, onTunnel }));
    for (let requests = 0; requests < 3; requests += 1) {
      await (await undiciFetch(stack.info.echo, { dispatcher: through.value })).text();
    }
    expect(opened).toHaveLength(tunnels);
  }
});

describe('a refusal of the gateway', () => {
  const wrongKey = `mk_live_${'0'.repeat(38)}`;
  const refusals: readonly [string, number, () => string, string | undefined][] = [
    ['unauthenticated', 407, () => via('country-DE').replace(stack.info.account.key, wrongKey), undefined],
    ['no_capacity', 503, () => via('country-ZZ'), undefined],
    ['destination_forbidden', 403, () => via('country-DE'), 'http://127.0.0.1:5555/'],
  ];
  test.each(refusals)('%s is typed for every client', async (code, status, proxy, url) => {
    const asked = url ?? stack.info.echo;
    const dispatched = dispatcher({ proxy: proxy() });
    const errors = await Promise.all([
      failureOf(get(asked, { proxy: proxy() })),
      failureOf(undiciFetch(asked, { dispatcher: dispatched })),
      failureOf(fetchOfRuntime(asked, { dispatcher: dispatched })),
      failureOf(request(asked, { dispatcher: dispatched })),
      failureOf(tunnelOpener({ proxy: proxy() })(new URL(asked).hostname, Number(new URL(asked).port))),
    ]);
    for (const error of errors) {
      const refusal = proxyErrorOf(error);
      expect(refusal).toBeInstanceOf(MarvelProxyError);
      expect(refusal).toMatchObject({ code, status, retryable: code === 'no_capacity' });
      expect(refusal?.requestId).toMatch(/\w{8}/);
      expect(refusal?.fix).toBeTypeOf('string');
      expect(refusal?.docs).toBe(`${stack.info.api}/docs/errors#${code}`);
      expect(refusal?.retryAfterMs).toBe(code === 'no_capacity' ? 10_000 : undefined);
    }
    await dispatched.close();
  });

  test('over TLS to the gateway is the same', async () => {
    const proxyTls = { ca, servername: 'localhost' };
    const error = await failureOf(get(stack.info.echo, { proxy: via('country-ZZ', 'marvel_tls'), proxyTls }));
    expect(proxyErrorOf(error)).toMatchObject({ code: 'no_capacity', status: 503 });
  });

  test('of a target that no gateway would take comes before any request', () => {
    expect(() => proxyAgents({ proxy: via('country-DE-city-x') })).toThrow(
      'unknown target field; supported fields: country, session, min_purity',
    );
    expect(() => dispatcher({ proxy: 'socks5://a:b@gw:1' })).toThrow('proxy: must begin with http:// or https://');
    expect(() => dispatcher({ proxy: 'http://gw:1' })).toThrow('proxy: must hold a key and a target');
    expect(() => dispatcher({ proxy: 'gw' })).toThrow('proxy: must be a URL');
  });
});

describe('no tunnel', () => {
  const key = `mk_live_${'0'.repeat(38)}`;

  test('where no gateway listens', async () => {
    const error = await failureOf(tunnelOpener({ proxy: `http://${key}:country-US@127.0.0.1:9` })('example.com', 80));
    expect(error).toMatchObject({ code: 'connection_failed', message: 'the gateway 127.0.0.1:9 cannot be reached' });
  });

  test('when a gateway says nothing, or goes away', async () => {
    const proxy = `http://${key}:country-US@${fake.address}`;
    fake.behave('silent');
    expect(await failureOf(tunnelOpener({ proxy, timeoutMs: 50 })('example.com', 80))).toMatchObject({
      code: 'timed_out',
    });
    const giveUp = new AbortController();
    const given = failureOf(tunnelOpener({ proxy })('example.com', 80, giveUp.signal));
    giveUp.abort(new Error('enough'));
    expect(await given).toMatchObject({ message: 'enough' });
    fake.behave('hang-up');
    expect(await failureOf(tunnelOpener({ proxy })('example.com', 80))).toMatchObject({ code: 'connection_failed' });
  });

  test('when something else than a gateway of ours refuses', async () => {
    fake.behave('stranger');
    const proxy = `http://${key}:country-US@${fake.address}`;
    expect(await failureOf(tunnelOpener({ proxy })('example.com', 80))).toMatchObject({
      name: 'MarvelProxyError',
      code: 'unknown',
      status: 418,
      reason: 'Teapot',
      retryable: false,
    });
  });
});

test('a destination cannot pretend to have come through another exit', async () => {
  fake.behave('pretender');
  const proxy = `http://mk_live_${'0'.repeat(38)}:country-US@${fake.address}`;
  await using through = disposable(dispatcher({ proxy }));
  const fetched = await undiciFetch('http://pretender.example/', { dispatcher: through.value });
  expect(await fetched.text()).toBe('hello');
  expect(fetched.headers.get('x-other')).toBe('kept');
  expect(exitOf(fetched)).toMatchObject({ exitIp: '198.51.100.7', requestId: 'req-fake', country: undefined });
  const got = await get('http://pretender.example/', { proxy });
  expect(got.headers['x-marvel-exit-ip']).toBe('203.0.113.1');
  expect(exitOf(got)).toMatchObject({ exitIp: '198.51.100.7', country: undefined });
  got.resume();
});
