import { type WebhookAttempt, maxWebhookResponseCharacters } from '@marvel/shared/api/webhook';

/** For one try, the start of the answer's body included. */
const timeoutMs = 10_000;
/** What is read of an answer; a character of UTF-8 has at most four bytes. */
const maxBytes = 4 * maxWebhookResponseCharacters;

/** What became of one try. */
export type WebhookAnswer = Pick<WebhookAttempt, 'status' | 'error' | 'response'>;

/** Posts a body to an endpoint of a customer, once. Redirects are not followed: they could lead anywhere. */
export async function sendWebhook(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<WebhookAnswer> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const reply = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    const response = await readStart(reply.body);
    if (reply.ok) return { status: reply.status, error: null, response };
    return { status: reply.status, error: reply.status >= 300 && reply.status < 400 ? 'redirect' : 'status', response };
  } catch {
    return { status: null, error: signal.aborted ? 'timeout' : 'unreachable', response: null };
  }
}

/** The start of a body as text; what is no text is replaced, and the rest is not waited for. */
async function readStart(body: ReadableStream | null): Promise<string> {
  if (body === null) return '';
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let bytes = 0; bytes < maxBytes && text.length < maxWebhookResponseCharacters;) {
    const read = await reader.read();
    const value: unknown = read.value;
    if (!(value instanceof Uint8Array)) break;
    bytes += value.byteLength;
    text += decoder.decode(value.subarray(0, maxBytes), { stream: true });
  }
  // Nobody waits for the rest, nor for what its sender makes of that.
  void reader.cancel().catch(() => undefined);
  return text.slice(0, maxWebhookResponseCharacters).replaceAll('\u0000', '\u{fffd}').toWellFormed();
}
