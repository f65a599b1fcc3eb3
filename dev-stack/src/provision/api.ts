import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';

/** The control API answered something else than was agreed, or not at all. */
export interface ApiFailure {
  readonly code: 'unexpected_answer';
  /** `POST /v1/keys`. */
  readonly request: string;
  /** Undefined when there was no answer. */
  readonly status: number | undefined;
  readonly body: string;
}

export interface ApiRequest<Schema extends v.GenericSchema> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
  /** Makes a repeat after an interruption the same request. */
  readonly idempotencyKey?: string;
  readonly reply: Schema;
}

/** The control API of the stack, as any client of it sees it. */
export interface Api {
  readonly url: string;
  /** Errors: `unexpected_answer` for any status but 2xx, a body of another shape, and no answer. */
  call<const Schema extends v.GenericSchema>(
    request: ApiRequest<Schema>,
  ): Promise<Result<v.InferOutput<Schema>, ApiFailure>>;
}

/** A 204. */
export const NoBody = v.undefined();

/** Signing up hashes a password; on a busy machine that takes a while. */
const answerTimeoutMs = 30_000;

function readJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Speaks to the API at `url`; `signal` gives up what is under way. */
export function createApi(url: string, signal: AbortSignal | undefined): Api {
  return {
    url,
    async call({ method, path, token, body, idempotencyKey, reply }) {
      const request = `${method} ${path}`;
      const timeout = AbortSignal.timeout(answerTimeoutMs);
      try {
        const response = await fetch(`${url}${path}`, {
          method,
          headers: {
            ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
            ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
            ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
        });
        const text = await response.text();
        const parsed = v.safeParse(reply, readJson(text));
        if (response.ok && parsed.success) return ok(parsed.output);
        return err({ code: 'unexpected_answer', request, status: response.status, body: text });
      } catch (error) {
        return err({ code: 'unexpected_answer', request, status: undefined, body: String(error) });
      }
    },
  };
}

/** One line for a person. */
export function describeApiFailure({ request, status, body }: ApiFailure): string {
  return `The control API answered ${request} with ${status === undefined ? 'nothing' : status}: ${body}`;
}
