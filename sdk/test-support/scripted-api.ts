import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';

/** A request as it came. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What is answered to one request; `never` leaves it open, `cut` breaks off in the middle of the body. */
export type ScriptedReply =
  | {
      readonly status: number;
      readonly body?: unknown;
      readonly text?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | 'never'
  | 'cut';

/** An HTTP server that answers by a script, on a real socket. */
export interface ScriptedApi extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** Answers the next requests so, in this order; those after them as the last. */
  script(...replies: readonly ScriptedReply[]): void;
  /** Resolves when so many requests came. */
  arrived(count: number): Promise<void>;
}

export async function startScriptedApi(): Promise<ScriptedApi> {
  let replies: ScriptedReply[] = [];
  let seen: SeenRequest[] = [];
  let wake: (() => void)[] = [];
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await buffer(request)).toString();
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, headers, body });
    const reply = replies.length > 1 ? replies.shift() : replies[0];
    if (reply === undefined) throw new Error('nothing was scripted');
    if (reply === 'cut') {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('{"half":', () => response.destroy());
    } else if (reply !== 'never') {
      response.writeHead(reply.status, { 'Content-Type': 'application/json', ...reply.headers });
      response.end(reply.text ?? (reply.body === undefined ? '' : JSON.stringify(reply.body)));
    }
    const woken = wake;
    wake = [];
    for (const tell of woken) tell();
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : new Error('failed')),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('it listens on a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    get seen() {
      return seen;
    },
    script(...given) {
      replies = [...given];
      seen = [];
    },
    async arrived(count) {
      while (seen.length < count) await new Promise<void>((resolve) => wake.push(resolve));
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
