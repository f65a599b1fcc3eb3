import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';

/** The most a JSON route reads unless it says otherwise. */
export const defaultMaxBodyBytes = 64 * 1024;

/**
 * Reads a request's body up to a bound, whether or not its length was announced.
 *
 * Errors: `payload_too_large`, before reading when the announced length is past the bound; `bad_request` when the
 * client breaks off.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Result<Uint8Array, Failure>> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  const tooLarge: Failure = { code: 'payload_too_large', message: `The body must have at most ${maxBytes} bytes` };
  if (announced > maxBytes) return err(tooLarge);
  if (request.body === null) return ok(new Uint8Array(0));
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const read = await reader.read();
      const value: unknown = read.value;
      if (!(value instanceof Uint8Array)) break;
      length += value.byteLength;
      if (length > maxBytes) {
        await reader.cancel();
        return err(tooLarge);
      }
      chunks.push(value);
    }
  } catch {
    return err({ code: 'bad_request' });
  }
  return ok(concatenate(chunks, length));
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
