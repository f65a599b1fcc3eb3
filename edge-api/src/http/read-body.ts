import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';

/** The most a JSON route reads unless it says otherwise. */
export const defaultMaxBodyBytes = 64 * 1024;

/**
 * How much of a body that is too large is read and let go, and for how long, so that its sender has sent it all when the answer
 * comes: one who still sends while the connection is closed sees a reset, and not why.
 */
const maxDiscardedBytes = 8 * 1024 * 1024;
const discardMs = 500;

/**
 * Reads a request's body up to a bound, whether or not its length was announced.
 *
 * Errors: `payload_too_large`, of an announced length past the bound at the latest after `discardMs`; `bad_request` when the
 * client breaks off.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Result<Uint8Array, Failure>> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  const tooLarge: Failure = { code: 'payload_too_large', message: `The body must have at most ${maxBytes} bytes` };
  if (request.body === null) return announced > maxBytes ? err(tooLarge) : ok(new Uint8Array(0));
  const reader = request.body.getReader();
  if (announced > maxBytes) {
    await discard(reader);
    return err(tooLarge);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const read = await reader.read();
      const value: unknown = read.value;
      if (!(value instanceof Uint8Array)) break;
      length += value.byteLength;
      if (length > maxBytes) {
        await discard(reader);
        return err(tooLarge);
      }
      chunks.push(value);
    }
  } catch {
    return err({ code: 'bad_request' });
  }
  return ok(concatenate(chunks, length));
}

/** Reads on and keeps nothing of it, up to a bound and no longer than a while. */
async function discard(reader: ReadableStreamDefaultReader<unknown>): Promise<void> {
  const cancel = () => {
    reader.cancel().catch(() => undefined);
  };
  const timer = setTimeout(cancel, discardMs);
  let leftBytes = maxDiscardedBytes;
  try {
    while (leftBytes > 0) {
      const read = await reader.read();
      if (!(read.value instanceof Uint8Array)) return;
      leftBytes -= read.value.byteLength;
    }
    cancel();
  } catch {
    // It has broken off, and will not see the answer.
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Reads JSON out of a body. An empty one is an empty object, so that what is missing is named field by field.
 *
 * Errors: `unsupported_media_type`; `bad_request` for what is not JSON in UTF-8.
 */
export function parseJsonBody(contentType: string | null, body: Uint8Array): Result<unknown, Failure> {
  if (body.byteLength === 0) return ok({});
  if (!isJson(contentType)) {
    return err({ code: 'unsupported_media_type', message: 'Content-Type: must be application/json' });
  }
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body));
    return ok(value);
  } catch {
    return err({ code: 'bad_request', message: 'The body is not JSON in UTF-8' });
  }
}

function isJson(contentType: string | null): boolean {
  const essence = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return essence === 'application/json' || /^application\/[a-z0-9.-]+\+json$/.test(essence);
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
