import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { makeCertificate, type TestCertificate } from '../../test-support/certificates.ts';
import { eventually } from '../../test-support/event-log.ts';
import { openListener } from '../sockets/listener.ts';
import { TlsTermination } from './tls-termination.ts';

let first: TestCertificate;
let second: TestCertificate;
const longMs = 86_400_000;
/** Documented for `tls.connect`, missing in its types. */
const halfOpen: object = { allowHalfOpen: true };

beforeAll(async () => {
  [first, second] = await Promise.all([makeCertificate(), makeCertificate()]);
});

function keyPair({ certificate, key }: TestCertificate) {
  return { certificate: Buffer.from(certificate), key: Buffer.from(key), expiresAtMs: 0 };
}

/** A TLS port, and what came of its connections. */
async function open(handshakeTimeoutMs = longMs) {
  const secure: TLSSocket[] = [];
  const raw = new Set<Socket>();
  let failures = 0;
  const termination = new TlsTermination(keyPair(first), handshakeTimeoutMs, {
    onSecure: (socket) => {
      socket.on('error', () => {});
      secure.push(socket);
    },
    onFailed: () => {
      failures += 1;
    },
  });
  const listener = await openListener({ host: '127.0.0.1', port: 0 }, (socket) => {
    raw.add(socket);
    socket.on('close', () => raw.delete(socket));
    termination.take(socket);
  });
  onTestFinished(() => {
    for (const socket of raw) socket.destroy();
    listener.close();
  });
  const port = Number(listener.address.split(':').at(-1));
  return { termination, secure, raw, port, failures: () => failures };
}

async function dial(port: number, ca: string): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, ca, ...halfOpen });
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'secureConnect');
  return socket;
}

function dialRaw(port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

describe('TLS at the door', () => {
  test('hands on connections that can be half closed in both directions', async () => {
    const { port, secure } = await open();
    const client = await dial(port, first.certificate);
    client.end('ask');
    await eventually(() => expect(secure).toHaveLength(1));
    const [served] = secure;
    if (served === undefined) throw new Error('not served');
    served.resume();
    await once(served, 'end');
    served.end('answer');
    const [answer] = (await once(client, 'data')) as [Buffer];
    expect(answer.toString()).toBe('answer');
  });

  test('shows a new certificate to who comes next and lets who is there go on', async () => {
    const { port, secure, termination } = await open();
    const before = await dial(port, first.certificate);
    await eventually(() => expect(secure).toHaveLength(1));
    termination.show(keyPair(second));
    await dial(port, second.certificate);
    secure[0]?.write('still here');
    const [bytes] = (await once(before, 'data')) as [Buffer];
    expect(bytes.toString()).toBe('still here');
  });

  test.each([
    ['speaks HTTP', (socket: Socket) => socket.write('CONNECT example.com:443 HTTP/1.1\r\n\r\n')],
    ['sends garbage', (socket: Socket) => socket.write(Buffer.alloc(100_000, 0x16))],
    ['goes away at once', (socket: Socket) => socket.end()],
    ['resets at once', (socket: Socket) => socket.resetAndDestroy()],
    ['goes away in its hello', (socket: Socket) => socket.end(Buffer.from([0x16, 3, 1, 2, 0, 1, 0]))],
    [
      'resets in its hello',
      (socket: Socket) => socket.write(Buffer.from([0x16, 3, 1, 2, 0]), () => socket.resetAndDestroy()),
    ],
  ])('closes and counts a client that %s', async (_what, act) => {
    const { port, raw, secure, failures } = await open();
    const client = dialRaw(port);
    await once(client, 'connect');
    await eventually(() => expect(raw.size).toBe(1));
    act(client);
    await eventually(() => expect([failures(), raw.size]).toEqual([1, 0]));
    expect(secure).toHaveLength(0);
  });

  test('closes a client that takes too long to say hello', async () => {
    const { port, raw, failures } = await open(20);
    const client = dialRaw(port);
    await once(client, 'close');
    await eventually(() => expect([failures(), raw.size]).toEqual([1, 0]));
  });

  test('leaves nothing behind when the connection under it is destroyed', async () => {
    const { port, raw, secure } = await open();
    const client = await dial(port, first.certificate);
    await eventually(() => expect(secure).toHaveLength(1));
    for (const socket of raw) socket.destroy();
    client.resume();
    await once(client, 'end');
    await eventually(() => expect([secure[0]?.destroyed, raw.size]).toEqual([true, 0]));
  });
});
