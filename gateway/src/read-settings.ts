import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads settings. Errors: one line per setting that is wrong, which names it and what is expected, never its value. */
export function readSettings<Schema extends v.GenericSchema>(
  schema: Schema,
  environment: Environment,
): Result<v.InferOutput<Schema>, readonly string[]> {
  // An empty variable is one that is not set: that is how most tools unset it.
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = v.safeParse(schema, given, { abortPipeEarly: true });
  if (parsed.success) return ok(parsed.output);
  const lines = new Map<string, string>();
  for (const issue of parsed.issues) {
    const name = nameOf(issue.path?.[0]?.key);
    if (!lines.has(name))
      lines.set(name, `${name} ${name in given ? 'is not valid' : 'is not set'}: expected ${issue.message}`);
  }
  return err([...lines.values()]);
}

function nameOf(key: unknown): string {
  return typeof key === 'string' ? key : 'environment';
}
