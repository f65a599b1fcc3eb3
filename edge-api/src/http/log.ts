import { describeDatabaseError } from '../store/database-error.ts';

/** What may be logged: facts about a request, never a header, body, query or token. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Writes one JSON line per event. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  /** A fault on our side, with the error's class and where it was thrown. */
  error(event: string, error: unknown, fields?: LogFields): void;
}

/** Credentials as they look when they stand in an error's text. */
const secretPatterns: readonly RegExp[] = [
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'@/]+@/g,
  /\b(?:sess|gw|sk|rk|whsec)_[A-Za-z0-9_]+/g,
  /\bm[ka]_(?:live|test)_[0-9A-Za-z]+/g,
  /\$argon2id\$[^\s"']+/g,
];

/** The log of one request. */
export function requestLog(requestId: string): Log {
  const line = (level: string, event: string, fields: LogFields): string =>
    JSON.stringify({ level, event, request_id: requestId, ...fields });
  return {
    info: (event, fields = {}) => console.log(line('info', event, fields)),
    error: (event, error, fields = {}) => console.error(line('error', event, { ...fields, ...describeError(error) })),
  };
}

function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((row) => /^\s+at /.test(row));
  const fields = { error: error.name, stack: frames.join('\n') };
  // The text of a database error holds the values of the query; what identifies it does not.
  const database = describeDatabaseError(error);
  if (database !== undefined) return { ...fields, ...database };
  // The text of a syntax error quotes what was parsed.
  return error instanceof SyntaxError ? fields : { ...fields, message: withoutSecrets(error.message) };
}

/** Replaces what looks like a credential. */
export function withoutSecrets(text: string): string {
  let clean = text;
  for (const pattern of secretPatterns) clean = clean.replace(pattern, '[secret]');
  return clean;
}
