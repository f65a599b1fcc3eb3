import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';

/** Far more than any form here has. */
const maxFields = 64;

/**
 * Reads the fields of a form out of a body; an empty one has none.
 *
 * Errors: `unsupported_media_type`; `bad_request` for what is not UTF-8 or has far too many fields; `invalid` when a field
 * appears twice.
 */
export function parseFormBody(contentType: string | null, body: Uint8Array): Result<unknown, Failure> {
  if (body.byteLength === 0) return ok({});
  const essence = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (essence !== 'application/x-www-form-urlencoded') {
    return err({
      code: 'unsupported_media_type',
      message: 'Content-Type: must be application/x-www-form-urlencoded',
    });
  }
  let given: URLSearchParams;
  try {
    given = new URLSearchParams(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body));
  } catch {
    return err({ code: 'bad_request', message: 'The body is not UTF-8' });
  }
  if (given.size > maxFields)
    return err({ code: 'bad_request', message: `The body must have at most ${maxFields} fields` });
  const form: Record<string, string> = {};
  for (const [name, value] of given) {
    if (Object.hasOwn(form, name)) return err({ code: 'invalid', message: 'a field appears twice' });
    Object.defineProperty(form, name, { value, enumerable: true });
  }
  return ok(form);
}
