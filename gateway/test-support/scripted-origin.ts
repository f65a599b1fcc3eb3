import { type ExitScript, opensThen } from './scripted-exit.ts';
import { UpstreamClient } from './scripted-upstream.ts';

/** A request as an origin saw it. */
export interface SeenRequest {
  readonly head: string;
  readonly body: string;
}

/** Reads one request with the body that its length, or its chunks, announce; the chunks as they came. */
export async function takeRequest(client: UpstreamClient): Promise<SeenRequest> {
  const head = await client.takeHead();
  const length = Number(/\r\ncontent-length: ([0-9]+)\r\n/i.exec(head)?.[1] ?? 0);
  let body = length === 0 ? '' : (await client.take(length)).toString('latin1');
  if (/\r\ntransfer-encoding: chunked\r\n/i.test(head)) {
    while (!/(?:^|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n$/.test(body)) body += (await client.take(1)).toString('latin1');
  }
  return { head, body };
}

/** An exit that opens the way to an origin which does as told; `serve` is called for each connection. */
export function leadsTo(serve: (client: UpstreamClient) => Promise<void>): ExitScript {
  return opensThen((socket, rest) => {
    if (rest.length > 0) socket.unshift(rest);
    socket.on('end', () => socket.end());
    // When it has nothing more to say it waits for the other side to end.
    serve(new UpstreamClient(socket)).then(
      () => socket.resume(),
      () => socket.destroy(),
    );
  });
}

/** An exit that leads to an origin which answers each request on its connections; `requests` gets what it saw. */
export function answersEach(
  requests: SeenRequest[],
  answer: (request: SeenRequest, index: number) => string,
): ExitScript {
  return leadsTo(async (client) => {
    for (;;) {
      const request = await takeRequest(client);
      requests.push(request);
      await client.send(Buffer.from(answer(request, requests.length - 1), 'latin1'));
    }
  });
}

/** An answer of an origin. */
export function ok(body: string, fields = ''): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;
}
