import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A refused or accepted CONNECT, as it came over the wire. */
export interface ConnectAnswer {
  readonly status: number;
  /** The reason phrase. */
  readonly reason: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** Of a refusal: the whole body. Empty for a tunnel. */
  readonly body: string;
  /** The open tunnel of a 200, or of a 407 that keeps its connection. */
  readonly socket: Socket;
}

/** What to ask a gateway for. */
export interface ConnectRequest {
  /** `host:port` of the gateway's listener. */
  readonly gateway: string;
  readonly username: string;
  readonly password: string;
  /** `host:port` of the destination. */
  readonly authority: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Use this open connection instead of a new one, as a client does after a 407. */
  readonly socket?: Socket;
}

const maxHeadBytes = 64 * 1024;

/** The `Proxy-Authorization` value of a username and password. */
export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** Opens a TCP connection to `host:port`. */
export async function openSocket(address: string): Promise<Socket> {
  const separator = address.lastIndexOf(':');
  const socket = connect({
    host: address.slice(0, separator),
    port: Number(address.slice(separator + 1)),
    allowHalfOpen: true,
    noDelay: true,
  });
  // Tests look at what arrived; an error shows itself as an early end.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Sends a CONNECT and reads the answer, nothing more: bytes of the tunnel stay in the socket. */
export async function connectThrough(request: ConnectRequest): Promise<ConnectAnswer> {
  const socket = request.socket ?? (await openSocket(request.gateway));
  const headers = Object.entries({
    'Proxy-Authorization': basic(request.username, request.password),
    ...request.headers,
  });
  const lines = [
    `CONNECT ${request.authority} HTTP/1.1`,
    `Host: ${request.authority}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return readAnswer(socket);
}

/** Reads one answer to a CONNECT. A refusal's body is read to its length; what follows a 200 is left unread. */
export async function readAnswer(socket: Socket): Promise<ConnectAnswer> {
  const bytes = await readUntil(socket, (received) => received.includes('\r\n\r\n'));
  const headEnd = bytes.indexOf('\r\n\r\n') + 4;
  const [statusLine = '', ...fields] = bytes
    .subarray(0, headEnd - 4)
    .toString('latin1')
    .split('\r\n');
  const [, status = '0', reason = ''] = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(statusLine) ?? [];
  const headers = new Map(
    fields.map((field) => [
      field.slice(0, field.indexOf(':')).toLowerCase(),
      field.slice(field.indexOf(':') + 1).trim(),
    ]),
  );
  const bodyLength = status === '200' ? 0 : Number(headers.get('content-length') ?? 0);
  const rest = bytes.subarray(headEnd);
  if (rest.length > bodyLength) socket.unshift(rest.subarray(bodyLength));
  let body = rest.subarray(0, bodyLength);
  if (body.length < bodyLength) body = Buffer.concat([body, await readExactly(socket, bodyLength - body.length)]);
  return { status: Number(status), reason, headers, body: body.toString(), socket };
}

/** Reads exactly `length` bytes; the rest stays in the socket. Errors: throws when the socket ends before. */
export async function readExactly(socket: Socket, length: number): Promise<Buffer> {
  const bytes = await readUntil(socket, (received) => received.length >= length, length);
  if (bytes.length > length) socket.unshift(bytes.subarray(length));
  return bytes.subarray(0, length);
}

/** Counts what arrives until the other side ends or resets. */
export async function countToEnd(socket: Socket): Promise<number> {
  let count = 0;
  socket.on('data', (chunk: Buffer) => {
    count += chunk.length;
  });
  if (socket.readableEnded || socket.destroyed) return count;
  const { promise, resolve } = Promise.withResolvers<void>();
  // A reset comes as an error first, which is no failure of who counts.
  for (const event of ['end', 'close'] as const) socket.once(event, () => resolve());
  await promise;
  return count;
}

/** Downloads so much through an open tunnel and ends it; gives the bytes that went through it, both ways. */
export async function downloadAll(socket: Socket, bytes: number): Promise<number> {
  const before = socket.bytesWritten;
  const received = countToEnd(socket);
  socket.write(`GET /bytes/${bytes} HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n`);
  const receivedBytes = await received;
  socket.end();
  if (!socket.closed) await once(socket, 'close');
  return receivedBytes + socket.bytesWritten - before;
}

async function readUntil(socket: Socket, enough: (received: Buffer) => boolean, bound = maxHeadBytes): Promise<Buffer> {
  let received: Buffer = Buffer.alloc(0);
  while (!enough(received)) {
    const chunk: unknown = socket.read();
    if (Buffer.isBuffer(chunk)) {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      if (received.length > bound + maxHeadBytes) throw new Error('the answer is longer than any answer should be');
    } else if (socket.readableEnded || socket.destroyed) {
      throw new Error(
        `the connection ended after ${received.length} bytes: ${received.toString('latin1').slice(0, 200)}`,
      );
    } else {
      await Promise.race([once(socket, 'readable'), once(socket, 'end'), once(socket, 'close')]);
    }
  }
  return received;
}
