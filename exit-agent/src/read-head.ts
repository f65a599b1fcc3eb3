import type { Socket } from 'node:net';
import { type ConnectHead, parseConnectHead } from './connect-head.ts';

/** A head and the tunnel bytes that came glued to it. */
export interface ReadHead {
  readonly head: ConnectHead;
  readonly rest: Buffer;
}

/**
 * Reads a CONNECT head from a fresh socket and leaves the socket paused. `malformed` also when it is too long or not whole
 * in time; `gone` when the client ended or broke off first.
 */
export function readHead(socket: Socket, timeoutMs: number): Promise<ReadHead | 'malformed' | 'gone'> {
  return new Promise((resolve) => {
    let received: Buffer | undefined;
    const finish = (result: ReadHead | 'malformed' | 'gone') => {
      clearTimeout(timer);
      socket.off('data', onData).off('end', onGone).off('close', onGone).pause();
      resolve(result);
    };
    const onData = (bytes: Buffer) => {
      received = received === undefined ? bytes : Buffer.concat([received, bytes]);
      const head = parseConnectHead(received);
      if (head === 'more') return;
      finish(head === 'malformed' ? head : { head, rest: received.subarray(head.byteLength) });
    };
    const onGone = () => finish('gone');
    const timer = setTimeout(() => finish('malformed'), timeoutMs);
    socket.on('data', onData).once('end', onGone).once('close', onGone);
  });
}
