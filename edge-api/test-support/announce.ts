import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** The answer to the head of a request: who answers before it has read a body closes the connection on who sends it. */
export async function announce(url: URL, method: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  const asked = request(url, { method, headers });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    asked.once('response', resolve).once('error', reject);
  });
  asked.flushHeaders();
  const answer = await answered;
  const body = await text(answer);
  asked.destroy();
  return new Response(body, {
    status: answer.statusCode ?? 0,
    headers: Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
      values.map((value) => [name, value] as [string, string]),
    ),
  });
}
