import { createHash } from 'node:crypto';
import type { StripeFailure } from './failure.ts';

/** An answer as it is written on the wire. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: object;
}

/** What is known of a key: nothing, the answer to give again, or that it was used for something else. */
export type Recall =
  | { readonly kind: 'new' }
  | { readonly kind: 'repeat'; readonly answer: ApiAnswer }
  | { readonly kind: 'misused'; readonly failure: StripeFailure };

/** The first answers to each `Idempotency-Key`, for as long as this process runs. */
export interface Idempotency {
  recall(key: string, request: string): Recall;
  remember(key: string, request: string, answer: ApiAnswer): void;
}

const maxKeys = 20_000;

function digestOf(request: string): string {
  return createHash('sha256').update(request).digest('base64');
}

/** Opens an empty memory. `request` is all that has to be the same: method, path and parameters. */
export function openIdempotency(): Idempotency {
  const known = new Map<string, { readonly digest: string; readonly answer: ApiAnswer }>();
  return {
    recall(key, request) {
      const found = known.get(key);
      if (found === undefined) return { kind: 'new' };
      if (found.digest === digestOf(request)) return { kind: 'repeat', answer: found.answer };
      const message = `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`;
      return { kind: 'misused', failure: { status: 400, type: 'idempotency_error', message } };
    },
    remember(key, request, answer) {
      known.set(key, { digest: digestOf(request), answer });
      const [oldest] = known.keys();
      if (known.size > maxKeys && oldest !== undefined) known.delete(oldest);
    },
  };
}
