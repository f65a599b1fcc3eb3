import { cursorHint } from '@marvel/shared/api/page';
import type { Failure } from '@marvel/shared/failures';
import { parseJson } from '@marvel/shared/parse-json';
import { err, ok, type Result } from '@marvel/shared/result';
import { base64url } from 'jose';
import * as v from 'valibot';

/** Writes where a list goes on: the name of the list and the place of the last row, so that no other list takes it for its own. */
export function writeCursor(list: string, place: readonly unknown[]): string {
  return base64url.encode(JSON.stringify([list, ...place]));
}

/** Reads what `writeCursor` wrote for that list. Errors: `invalid` for anything else. */
export function readCursor<S extends v.GenericSchema<readonly unknown[]>>(
  list: string,
  place: S,
  cursor: string,
): Result<v.InferOutput<S>, Failure> {
  const [, ...rest] = parseJson(decode(cursor), v.array(v.unknown())) ?? [];
  const parsed = v.safeParse(place, rest);
  // Written again it is the same, or it is another list's, or nothing that was ever given.
  if (parsed.success && writeCursor(list, rest) === cursor) return ok(parsed.output);
  return err({ code: 'invalid', message: `cursor: ${cursorHint}`, issues: [{ field: 'cursor', message: cursorHint }] });
}

/** Text of a length that base64url has not is nothing. */
function decode(cursor: string): Uint8Array {
  try {
    return base64url.decode(cursor);
  } catch {
    return new Uint8Array(0);
  }
}
