import { createServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openListener, type ListenOptions } from './listener.ts';
import { createConnectionCounter, type ConnectionCounter, type OriginConnection } from './origin/connections.ts';
import { pattern } from './origin/pattern.ts';

/** What a raw origin does with a connection. */
export type RawBehaviour =
  /** Sends back what it gets, and its FIN after the client's. */
  | { readonly kind: 'echo' }
  /** Sends its answer and FIN at once, and goes on reading until the client's FIN. */
  | { readonly kind: 'answer-then-read'; readonly answerBytes: number }
  /** Reads until the client's FIN, then sends its answer and FIN. */
  | { readonly kind: 'read-then-answer'; readonly answerBytes: number }
  /** Resets the connection when so many bytes have arrived. */
  | { readonly kind: 'reset-after-reading'; readonly bytes: number }
  /** Resets the connection when its kernel has taken so many bytes; the client may get fewer. */
  | { readonly kind: 'reset-after-writing'; readonly bytes: number }
  /** Accepts, and neither reads nor writes nor closes. */
  | { readonly kind: 'black-hole' };

export interface RawOriginOptions extends ListenOptions {
  readonly behaviour: RawBehaviour;
  /** Default: one of its own. Origins that share one count in it together. */
  readonly counter?: ConnectionCounter;
}

/** A TCP origin for what HTTP cannot show: half-closed, reset and silent connections. */
export interface RawOrigin extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** In the order in which they were accepted. */
  connections(): readonly OriginConnection[];
  readonly counter: ConnectionCounter;
  /** What later connections meet; those that are open go on as they are. */
  behave(behaviour: RawBehaviour): void;
  /** Cuts every connection and refuses new ones. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

async function send(socket: Socket, length: number, end: boolean): Promise<void> {
  await pipeline(Readable.from(pattern(length)), socket, { end });
}

async function meet(socket: Socket, behaviour: RawBehaviour): Promise<void> {
  switch (behaviour.kind) {
    case 'echo':
      return pipeline(socket, socket);
    case 'answer-then-read':
      socket.resume();
      return send(socket, behaviour.answerBytes, true);
    case 'read-then-answer':
      for await (const _ of socket.iterator({ destroyOnReturn: false })) continue;
      return send(socket, behaviour.answerBytes, true);
    case 'reset-after-reading':
      for await (const _ of socket.iterator({ destroyOnReturn: false })) if (socket.bytesRead >= behaviour.bytes) break;
      socket.resetAndDestroy();
      return;
    case 'reset-after-writing':
      socket.resume();
      await send(socket, behaviour.bytes, false);
      socket.resetAndDestroy();
      return;
    case 'black-hole':
      return;
  }
}

/** Starts the origin on 127.0.0.1. Its answers are the pattern of `patternByte`. */
export async function startRawOrigin(options: RawOriginOptions): Promise<RawOrigin> {
  const { counter = createConnectionCounter() } = options;
  let { behaviour } = options;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    meet(socket, behaviour).catch(() => socket.destroy()); // the client went away in the middle
  });
  counter.watch(server);
  const listener = await openListener(server, options);
  return {
    host: listener.host,
    port: listener.port,
    connections: () => counter.list(),
    counter,
    behave(next) {
      behaviour = next;
    },
    start: async () => listener.start(),
    stop: async () => listener.stop(),
    [Symbol.asyncDispose]: async () => listener.stop(),
  };
}
