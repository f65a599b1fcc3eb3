import { once } from 'node:events';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Exit, Transport } from '@marvel/shared/exit';
import type { Result } from '@marvel/shared/result';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { makeCertificate, type TestCertificate } from '../../test-support/certificates.ts';
import { eventually } from '../../test-support/event-log.ts';
import { ScriptedUpstream, type UpstreamClient, type UpstreamScript } from '../../test-support/scripted-upstream.ts';
import { exitRecord } from '../../test-support/test-gateway.ts';
import { Dial } from './dial.ts';
import type { DialMeans, OpenedExit } from './dial-attempt.ts';
import type { DialFault } from './dial-fault.ts';
import { createExitTrust } from './exit-trust.ts';
import { DnsCache } from '../sockets/dns-cache.ts';
import { NativeSockets, nativeEngine } from '../sockets/native-sockets.ts';
import { NodeSockets } from '../sockets/node-sockets.ts';

// What exits of all kinds do to a dial, over real sockets.

const request = { host: 'example.com', port: 443, requestId: 'id-1' };
const connectMessage = Buffer.concat([
  Buffer.from([5, 1, 0, 3, 11]),
  Buffer.from('example.com'),
  Buffer.from([0x01, 0xbb]),
]);
const socks5Opened = Buffer.from([5, 0, 0, 1, 192, 0, 2, 1, 0x12, 0x34]);
const httpOpened = Buffer.from('HTTP/1.1 200 OK\r\nVia: 1.1 upstream\r\n\r\n');
const longMs = 20_000;
let certificate: TestCertificate;
let stranger: TestCertificate;
let elsewhere: TestCertificate;
let plain: DialMeans;
let trusting: DialMeans;

beforeAll(async () => {
  [certificate, stranger, elsewhere] = await Promise.all([
    makeCertificate(),
    makeCertificate(),
    makeCertificate(['exit.example'], ['192.0.2.1']),
  ]);
  plain = { sockets: await openMeans(createExitTrust()) };
  trusting = {
    sockets: await openMeans(createExitTrust(certificate.certificate + elsewhere.certificate)),
  };
});

async function openMeans(exitTrust: SecureContext): Promise<DialMeans['sockets']> {
  const names = new DnsCache();
  return new NativeSockets(nativeEngine(), await NodeSockets.open(exitTrust, names), names);
}

type Changes = Partial<{ host: string; tls: boolean; username: string; password: string }>;

function socks5(port: number, changes: Changes = {}): Transport {
  return { type: 'socks5', host: '127.0.0.1', port, tls: false, ...changes };
}

function httpConnect(port: number, changes: Changes = {}): Transport {
  return { type: 'http-connect', host: '127.0.0.1', port, tls: false, ...changes };
}

/** Dials one exit; gives what came of it, what was read behind its answer, and what was reported of it. */
async function dial(transport: Transport, means: DialMeans = plain, dialTimeoutMs = longMs) {
  const reports: boolean[] = [];
  const { promise, resolve } =
    Promise.withResolvers<Result<OpenedExit & { readonly choice: { readonly exit: Exit } }, DialFault>>();
  new Dial(
    {
      first: { exit: exitRecord('ext_0001', transport.port, { transport }) },
      hasOthers: false,
      next: () => undefined,
      report: (_exit, succeeded) => reports.push(succeeded),
      done: resolve,
    },
    request,
    { dialTimeoutMs },
    means,
  ).start();
  const result = await promise;
  if (!result.ok) return { fault: result.error, reports };
  const { leg, glued } = result.value;
  onTestFinished(() => {
    leg.destroy();
  });
  return { leg, glued: glued.toString('latin1'), reports };
}

async function upstream(script: UpstreamScript, tls?: TestCertificate): Promise<ScriptedUpstream> {
  const started = await ScriptedUpstream.start(script, tls);
  onTestFinished(async () => started[Symbol.asyncDispose]());
  return started;
}

/** An upstream that takes the greeting and the request, and then does something. */
function afterRequest(act: (client: UpstreamClient) => Promise<unknown>): UpstreamScript {
  return async (client) => {
    expect(await client.take(3)).toEqual(Buffer.from([5, 1, 0]));
    await client.send(Buffer.from([5, 0]));
    expect(await client.take(connectMessage.length)).toEqual(connectMessage);
    await act(client);
  };
}

const never = new Promise<never>(() => {});

describe('an exit that speaks SOCKS5', () => {
  test('is asked for the destination by its name, and what is glued to its answer is kept', async () => {
    const { port } = await upstream(
      afterRequest((client) => client.send(Buffer.concat([socks5Opened, Buffer.from('first')]))),
    );
    expect(await dial(socks5(port))).toMatchObject({ glued: 'first', reports: [true] });
  });

  test('may answer byte by byte', async () => {
    const { port } = await upstream(async (client) => {
      await client.take(4);
      await client.trickle(Buffer.from([5, 2]));
      expect(await client.take(11)).toEqual(Buffer.from('\u0001\u0004user\u0004pass', 'latin1'));
      await client.trickle(Buffer.from([1, 0]));
      await client.take(connectMessage.length);
      await client.trickle(socks5Opened);
    });
    const opened = await dial(socks5(port, { username: 'user', password: 'pass' }));
    expect(opened).toMatchObject({ glued: '', reports: [true] });
  });

  test.each<[string, Changes, UpstreamScript]>([
    ['wants credentials there are none of', {}, async (client) => client.send(Buffer.from([5, 2]))],
    ['takes none of the methods', {}, async (client) => client.send(Buffer.from([5, 0xff]))],
    [
      'does not take the credentials',
      { username: 'user', password: 'wrong' },
      async (client) => {
        await client.take(4);
        await client.send(Buffer.from([5, 2]));
        await client.take(12);
        await client.send(Buffer.from([1, 1]));
      },
    ],
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((code): [string, Changes, UpstreamScript] => [
      `answers ${code}`,
      {},
      afterRequest((client) => client.send(Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]))),
    ]),
    ['sends garbage', {}, async (client) => client.send(Buffer.alloc(100_000, 0x20))],
    [
      'sends without end',
      {},
      async (client) => {
        while (!client.socket.destroyed) await client.send(Buffer.alloc(65_536, 5));
      },
    ],
    ['closes at once', {}, async (client) => void client.socket.end()],
    ['resets at once', {}, async (client) => void client.socket.resetAndDestroy()],
    ['closes instead of an answer', {}, afterRequest(async (client) => client.socket.end())],
    [
      'resets in its answer',
      {},
      afterRequest(async (client) => {
        await client.send(socks5Opened.subarray(0, 7));
        client.socket.resetAndDestroy();
      }),
    ],
  ])('is reported when it %s', async (_what, changes, script) => {
    const { port } = await upstream(script);
    expect(await dial(socks5(port, changes))).toEqual({ fault: 'exit', reports: [false] });
  });

  test('is reported when its answer does not come in time', async () => {
    const { port } = await upstream(afterRequest((client) => client.send(socks5Opened.subarray(0, 9))));
    expect(await dial(socks5(port), plain, 60)).toEqual({ fault: 'timeout', reports: [false] });
  });

  test('is passed over when its credentials are longer than SOCKS5 can say', async () => {
    const { port } = await upstream(async () => never);
    expect(await dial(socks5(port, { username: 'x'.repeat(256) }))).toEqual({ fault: 'exit', reports: [false] });
  });
});

describe('an exit that speaks HTTP', () => {
  test('is reported when its head does not end, at the bound of a head and not at that of time', async () => {
    const { port, sockets } = await upstream(async (client) => {
      await client.takeHead();
      await client.send(Buffer.from('HTTP/1.1 200 OK\r\nX: '));
      // And then it waits for what the gateway makes of that.
      await client.send(Buffer.alloc(1_000_000, 'a'));
      await once(client.socket.resume(), 'close');
    });
    expect(await dial(httpConnect(port))).toEqual({ fault: 'exit', reports: [false] });
    for (const socket of sockets) socket.destroy();
  });

  test('is let through with the longest head there may be', async () => {
    const { port } = await upstream(async (client) => {
      await client.takeHead();
      const [start, end] = ['HTTP/1.1 200 OK\r\nX: ', '\r\n\r\n'];
      await client.send(Buffer.from(`${start}${'a'.repeat(16_384 - start.length - end.length)}${end}first`));
    });
    expect(await dial(httpConnect(port))).toMatchObject({ glued: 'first', reports: [true] });
  });
});

describe('an exit with TLS', () => {
  const transports: [string, (port: number, changes: Changes) => Transport, Buffer, UpstreamScript][] = [
    [
      'socks5',
      socks5,
      Buffer.from('first'),
      afterRequest((client) => client.send(Buffer.concat([socks5Opened, Buffer.from('first')]))),
    ],
    [
      'http-connect',
      httpConnect,
      Buffer.from('first'),
      async (client) => {
        expect(await client.takeHead()).toContain('CONNECT example.com:443 HTTP/1.1\r\n');
        await client.send(Buffer.concat([httpOpened, Buffer.from('first')]));
      },
    ],
    [
      'agent',
      (port, { host = '127.0.0.1' }) => ({ type: 'agent', host, port, tls: true, token: 'token-1' }),
      Buffer.from('first'),
      async (client) => {
        expect(await client.takeHead()).toContain('Proxy-Authorization: Bearer token-1\r\n');
        await client.send(Buffer.concat([httpOpened, Buffer.from('first')]));
      },
    ],
  ];

  test.each(transports)('is reached by %s: by its address, with no server name', async (_type, via, glued, script) => {
    const exit = await upstream(script, certificate);
    const opened = await dial(via(exit.port, { tls: true }), trusting);
    expect(opened).toMatchObject({ glued: glued.toString(), reports: [true] });
    expect(exit.serverNames).toEqual([false]);
  });

  test.each(transports)('is reached by %s: by its name, which it is told', async (_type, via, glued, script) => {
    const exit = await upstream(script, certificate);
    const opened = await dial(via(exit.port, { tls: true, host: 'localhost' }), trusting);
    expect(opened).toMatchObject({ glued: glued.toString(), reports: [true] });
    expect(exit.serverNames).toEqual(['localhost']);
  });

  test('carries megabytes both ways, and each end by itself', async () => {
    const size = 3_000_000;
    const exit = await upstream(async (client) => {
      await client.takeHead();
      await client.send(httpOpened);
      await client.take(size);
      await once(client.socket.resume(), 'end');
      client.socket.end(Buffer.alloc(size, 2));
    }, certificate);
    const { leg } = await dial(httpConnect(exit.port, { tls: true }), trusting);
    if (leg === undefined) throw new Error('not opened');
    let received = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    leg.receiver = {
      onBytes: (bytes) => {
        received += bytes.length;
        return true;
      },
      onEnd: resolve,
      onClose: () => {},
    };
    leg.resume();
    leg.end(Buffer.alloc(size, 1));
    await promise;
    expect(received).toBe(size);
  });

  test.each<[string, () => TestCertificate | undefined, () => DialMeans]>([
    ['has a certificate that nobody vouches for', () => stranger, () => trusting],
    ['has one that only a setting would vouch for', () => certificate, () => plain],
    ['has one for another name', () => elsewhere, () => trusting],
    ['speaks no TLS', () => undefined, () => trusting],
  ])('is reported when it %s', async (_what, shown, means) => {
    const exit = await upstream(async (client) => client.send(httpOpened), shown());
    for (const host of ['127.0.0.1', 'localhost']) {
      expect(await dial(httpConnect(exit.port, { tls: true, host }), means())).toEqual({
        fault: 'exit',
        reports: [false],
      });
    }
  });

  test('is reported when its handshake does not come in time', async () => {
    const exit = await upstream(async () => never);
    expect(await dial(httpConnect(exit.port, { tls: true }), trusting, 60)).toEqual({
      fault: 'timeout',
      reports: [false],
    });
  });

  test('leaves no connection behind when it is not trusted', async () => {
    const exit = await upstream(async ({ socket }) => {
      await once(socket.resume(), 'end');
      socket.destroy();
    }, stranger);
    await dial(httpConnect(exit.port, { tls: true }), trusting);
    await eventually(() => {
      expect(exit.sockets.size).toBe(0);
    });
  });
});

test('what vouches for exits has to be a certificate', () => {
  expect(() => createExitTrust('nothing')).toThrow('MARVEL_EXIT_CA');
  expect(() => createExitTrust('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')).toThrow(
    'cannot be read',
  );
  expect(createExitTrust(`# a comment\n${certificate.certificate}`)).toBeInstanceOf(createSecureContext().constructor);
});
