import { once } from 'node:events';
import { connect, createServer, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

// The only file that touches what Node does not document. Each use is checked before it is relied on, and whoever uses it
// has a documented way to do without.

/** How a socket reads into buffers of ours: what `onread` of `net.connect` takes. */
export interface BufferedReading {
  /** Gives the buffer for the next read; asked once at the start and after each read. */
  readonly buffer: () => Buffer;
  /** Gives false to stop reading until `socket.resume()`. */
  readonly callback: (bytes: number, buffer: Uint8Array) => boolean;
}

/** Makes an accepted socket read into buffers. */
export type InstallReading = (socket: Socket, reading: BufferedReading) => void;

/** How long the trial may take, ms. */
const trialMs = 2000;

/**
 * How accepted sockets can be made to read into buffers, as `onread` does for connecting ones; `undefined` when this Node
 * has no way that proves to work, and they have to be read by `data` events. Source: BENCH, prototype B.
 */
export async function findInstallReading(): Promise<InstallReading | undefined> {
  const symbols = new Map(Object.getOwnPropertySymbols(new Socket()).map((symbol) => [symbol.description, symbol]));
  const buffer = symbols.get('kBuffer');
  const generator = symbols.get('kBufferGen');
  const callback = symbols.get('kBufferCb');
  if (buffer === undefined || generator === undefined || callback === undefined) return undefined;
  const install: InstallReading = (socket, reading) => {
    const handle = handleOf(socket);
    if (!takesBuffers(handle)) return;
    const first = reading.buffer();
    handle.useUserBuffer(first);
    Reflect.set(socket, buffer, first);
    Reflect.set(socket, generator, reading.buffer);
    Reflect.set(socket, callback, reading.callback);
  };
  return (await worksOverLoopback(install)) ? install : undefined;
}

/** What Node reads and writes a socket through; `undefined` once it is destroyed. */
export function handleOf(socket: Socket): unknown {
  const handle: unknown = Reflect.get(socket, '_handle');
  return handle ?? undefined;
}

/**
 * Bytes of the pending writes of a TCP handle that the kernel has not accepted, also just after its socket was destroyed;
 * `undefined` when that cannot be known.
 */
export function queuedBytes(handle: unknown): number | undefined {
  if (typeof handle !== 'object' || handle === null) return undefined;
  const size: unknown = Reflect.get(handle, 'writeQueueSize');
  return typeof size === 'number' ? size : undefined;
}

/**
 * Bytes that the kernel has accepted of all that was ever written to a TCP handle, also just after its socket was
 * destroyed; `undefined` when that cannot be known.
 */
export function acceptedBytes(handle: unknown): number | undefined {
  const queued = queuedBytes(handle);
  if (queued === undefined || typeof handle !== 'object' || handle === null) return undefined;
  const written: unknown = Reflect.get(handle, 'bytesWritten');
  return typeof written === 'number' ? written - queued : undefined;
}

/** Whether the kernel has no peer for a TCP handle any more, as after a reset; false when that cannot be known. */
export function hasLostPeer(handle: unknown): boolean {
  if (typeof handle !== 'object' || handle === null) return false;
  const getPeerName: unknown = Reflect.get(handle, 'getpeername');
  return typeof getPeerName === 'function' && Reflect.apply(getPeerName, handle, [{}]) !== 0;
}

/** The TCP handle that a TLS socket sends its records through; `undefined` when that cannot be known. */
export function handleUnder(socket: TLSSocket): unknown {
  const handle = handleOf(socket);
  return typeof handle === 'object' && handle !== null ? Reflect.get(handle, '_parent') : undefined;
}

function takesBuffers(handle: unknown): handle is { useUserBuffer(buffer: Buffer): void } {
  return typeof handle === 'object' && handle !== null && typeof Reflect.get(handle, 'useUserBuffer') === 'function';
}

/** Whether bytes arrive in the buffers in order, with reading stopped and taken up again in between. */
async function worksOverLoopback(install: InstallReading): Promise<boolean> {
  const sent = 'abcdefgh';
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const client = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
  client.on('error', () => {});
  client.end(sent);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, trialMs, false);
  server.once('connection', (accepted: Socket) => {
    let received = '';
    accepted.on('error', () => {});
    install(accepted, {
      buffer: () => Buffer.alloc(3),
      callback: (bytes, buffer) => {
        received += Buffer.from(buffer.subarray(0, bytes)).toString('latin1');
        setImmediate(() => accepted.resume());
        return false;
      },
    });
    accepted.on('end', () => {
      resolve(received === sent);
    });
    if (!takesBuffers(handleOf(accepted))) resolve(false);
    accepted.resume();
  });
  const works = await promise;
  clearTimeout(timer);
  client.destroy();
  server.close();
  return works;
}
