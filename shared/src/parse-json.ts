import * as v from 'valibot';

/** Parses JSON bytes with a schema; `undefined` for anything that does not fit. */
export function parseJson<S extends v.GenericSchema>(body: Uint8Array, schema: S): v.InferOutput<S> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body));
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(schema, value);
  return parsed.success ? parsed.output : undefined;
}
