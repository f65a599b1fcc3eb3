import { startEchoOrigin } from '../echo-origin.ts';
import { createConnectionCounter, type OriginConnection } from '../origin/connections.ts';
import { startRawOrigin } from '../raw-origin.ts';
import type { Certificate } from './certificate.ts';
import type { Part } from './part.ts';

/** The origins of a stack, all on 127.0.0.1 and allowed by its destination policy. */
export interface Origins extends Part, AsyncDisposable {
  /** Plain HTTP. */
  readonly url: string;
  readonly tlsUrl: string;
  /** PEM; its own authority, valid for `localhost` and 127.0.0.1. */
  readonly certificate: string;
  readonly raw: {
    /** `host:port`; sends its answer and FIN at once, and goes on reading until the client's FIN. */
    readonly endsFirst: string;
    /** `host:port`; reads until the client's FIN, then sends its answer and FIN. */
    readonly answersAfterEnd: string;
  };
  /** Nobody listens here. */
  readonly closedPort: { readonly host: string; readonly port: number };
  /** Connections to all of them, in the order of their accept. */
  connections(): readonly OriginConnection[];
  /** Holds every later HTTP answer for so long; 0 ends it. */
  delay(delayMs: number): void;
}

export interface OriginPorts {
  readonly echo: number;
  readonly echo_tls: number;
  readonly ends_first: number;
  readonly answers_after_end: number;
  readonly closed: number;
}

const loopback = '127.0.0.1';
const rawAnswerBytes = 100_000;

/** Starts the origins. */
export async function startOrigins(ports: OriginPorts, tls: Certificate): Promise<Origins> {
  await using undo = new AsyncDisposableStack();
  const counter = createConnectionCounter();
  const echo = undo.use(await startEchoOrigin({ port: ports.echo, counter }));
  const echoTls = undo.use(await startEchoOrigin({ port: ports.echo_tls, counter, tls }));
  const endsFirst = undo.use(
    await startRawOrigin({
      port: ports.ends_first,
      counter,
      behaviour: { kind: 'answer-then-read', answerBytes: rawAnswerBytes },
    }),
  );
  const answersAfterEnd = undo.use(
    await startRawOrigin({
      port: ports.answers_after_end,
      counter,
      behaviour: { kind: 'read-then-answer', answerBytes: rawAnswerBytes },
    }),
  );
  const all = [echo, echoTls, endsFirst, answersAfterEnd];
  async function stop(): Promise<void> {
    await Promise.all(all.map(async (origin) => origin.stop()));
  }
  const owned = undo.move();
  return {
    url: echo.url,
    tlsUrl: echoTls.url,
    certificate: tls.cert,
    raw: { endsFirst: `${loopback}:${endsFirst.port}`, answersAfterEnd: `${loopback}:${answersAfterEnd.port}` },
    closedPort: { host: loopback, port: ports.closed },
    connections: () => counter.list(),
    delay(delayMs) {
      echo.delay(delayMs);
      echoTls.delay(delayMs);
    },
    stop,
    async start() {
      await Promise.all(all.map(async (origin) => origin.start()));
    },
    kill: stop,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
