import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startEchoOrigin, type Echo, type EchoOrigin } from './echo-origin.ts';
import { patternByte } from './origin/pattern.ts';

let origin: EchoOrigin;
const parts = new AsyncDisposableStack();
beforeAll(async () => {
  origin = parts.use(await startEchoOrigin({ port: 0 }));
});
afterAll(async () => parts.disposeAsync());

/** A connection and the port it comes from, which the socket itself forgets when it closes. */
async function open(): Promise<{ socket: Socket; port: number }> {
  const socket = connect({ host: '127.0.0.1', port: origin.port });
  await once(socket, 'connect');
  return { socket, port: socket.localPort ?? 0 };
}

describe('what the origin answers', () => {
  test('/ tells method, target, headers, peer and bytes, and the count goes on over a kept connection', async () => {
    const { socket, port } = await open();
    const head = 'GET /?a=b HTTP/1.1\r\nHost: origin\r\nX-Test: yes\r\n\r\n';
    socket.write(head);
    await once(socket, 'data');
    socket.write(
      head.replace('GET', 'PUT').replace('\r\n\r\n', '\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello'),
    );
    const answer = await text(socket);
    const echo = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as Echo;
    expect(echo).toEqual({
      method: 'PUT',
      url: '/?a=b',
      headers: { host: 'origin', 'x-test': 'yes', 'content-length': '5', connection: 'close' },
      remote: { address: '127.0.0.1', port },
      connection_bytes: socket.bytesWritten,
      received_bytes: 5,
    });
  });

  test('/bytes/<n> sends exactly n bytes of the pattern', async () => {
    const response = await fetch(`${origin.url}/bytes/1000003`);
    const body = new Uint8Array(await response.arrayBuffer());
    expect(response.headers.get('content-length')).toBe('1000003');
    expect(body.length).toBe(1_000_003);
    expect(body.every((byte, offset) => byte === patternByte(offset))).toBe(true);
    expect((await (await fetch(`${origin.url}/bytes/0`)).arrayBuffer()).byteLength).toBe(0);
  });

  test('POST / counts the body', async () => {
    const response = await fetch(origin.url, { method: 'POST', body: new Uint8Array(3_000_001) });
    expect(await response.json()).toMatchObject({ method: 'POST', received_bytes: 3_000_001 });
  });

  test.each([
    '/bytes/10000000001',
    '/bytes/99999999999',
    '/bytes/01',
    '/bytes/-1',
    '/bytes/1e3',
    '/bytes/',
    '/nothing',
  ])('%s is 404 text', async (path) => {
    const response = await fetch(`${origin.url}${path}`);
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'text/plain']);
  });

  test('10 GB are allowed, and a method that a path does not have is 405', async () => {
    const head = await fetch(`${origin.url}/bytes/10000000000`, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe('10000000000');
    expect((await fetch(`${origin.url}/bytes/1`, { method: 'POST', body: 'x' })).status).toBe(405);
    expect((await fetch(origin.url, { method: 'DELETE' })).status).toBe(405);
  });

  test('a download is no further ahead of its reader than the buffers between them', async () => {
    const { socket, port } = await open();
    const sent = (): number => origin.connections().find((one) => one.remotePort === port)?.bytesWritten ?? 0;
    socket.write('GET /bytes/1000000000 HTTP/1.1\r\nHost: origin\r\n\r\n'); // nobody reads the answer
    await vi.waitFor(() => expect(sent()).toBeGreaterThan(100_000));
    socket.destroy();
    const { bytesWritten, failed } = await origin.counter.closed(port);
    expect(bytesWritten).toBeLessThan(50_000_000);
    expect(failed).toBe(true);
  });
});

describe('what the origin counts', () => {
  test('a closed connection keeps the bytes that its client wrote and read', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<string | undefined>();
    let socket: Socket | undefined;
    let remotePort = 0;
    for (const path of ['/', '/bytes/70000', '/nothing']) {
      const sent = request({ agent, port: origin.port, host: '127.0.0.1', path });
      sent.end();
      const [response] = (await once(sent, 'response')) as [
        NodeJS.ReadableStream & { headers: Record<string, string> },
      ];
      ports.add(response.headers['x-echo-remote-port']);
      socket = sent.socket ?? undefined;
      remotePort = socket?.localPort ?? 0;
      await text(response);
    }
    expect([...ports]).toEqual([`${remotePort}`]);
    expect(origin.connections().find((one) => one.remotePort === remotePort)).toMatchObject({ closed: false });

    agent.destroy();

    expect(await origin.counter.closed(remotePort)).toEqual({
      remoteAddress: '127.0.0.1',
      remotePort,
      closed: true,
      failed: false,
      bytesRead: socket?.bytesWritten,
      bytesWritten: socket?.bytesRead,
    });
  });

  test('each connection is spoken of when it opens and when it closes', async () => {
    const opened = once(origin.counter.events, 'open');
    const closed = once(origin.counter.events, 'close');
    const { socket, port: remotePort } = await open();
    expect(await opened).toEqual([expect.objectContaining({ remotePort, closed: false, bytesRead: 0 })]);
    socket.end();
    expect(await closed).toEqual([expect.objectContaining({ remotePort, closed: true })]);
  });
});

test('a stopped origin cuts its connections and refuses new ones until it is started', async () => {
  const { socket } = await open();
  const cut = once(socket, 'close');
  await origin.stop();
  await cut;
  await expect(fetch(origin.url)).rejects.toThrow('fetch failed');
  await origin.start();
  expect((await fetch(origin.url)).status).toBe(200);
});
