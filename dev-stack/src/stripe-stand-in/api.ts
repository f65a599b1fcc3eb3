import { err, ok, type Result } from '@marvel/shared/result';
import { apiVersion, type Happening } from './event.ts';
import type { Cause } from './objects.ts';
import { renderFailure, type StripeFailure } from './failure.ts';
import { parseForm } from './form.ts';
import { newId } from './id.ts';
import type { ApiAnswer, Idempotency } from './idempotency.ts';
import { render } from './render.ts';
import { answerCall } from './routes.ts';
import type { Store } from './store.ts';

/** A request of the API, read whole. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: string;
  readonly authorization: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly version: string | undefined;
}

/** What the API works on. */
export interface ApiParts {
  readonly store: Store;
  readonly idempotency: Idempotency;
  readonly secretKey: string;
  readonly payUrl: (sessionId: string) => string;
  /** Makes events of what happened and sends them. */
  readonly tell: (happenings: readonly Happening[], cause: Cause) => void;
}

/** An answer and its headers. */
export interface ApiResponse extends ApiAnswer {
  readonly headers: Readonly<Record<string, string>>;
}

/** The key in `Authorization: Bearer <key>`, or in Basic as the user's name (`curl -u sk_…:`). */
function keyOf(authorization: string): string {
  const [scheme = '', credentials = ''] = authorization.split(' ');
  if (scheme.toLowerCase() !== 'basic') return credentials;
  return Buffer.from(credentials, 'base64').toString('utf8').split(':')[0] ?? '';
}

function authenticate(authorization: string | undefined, secretKey: string): Result<void, StripeFailure> {
  if (authorization === undefined) {
    const message =
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').";
    return err({ status: 401, type: 'invalid_request_error', message });
  }
  const key = keyOf(authorization);
  if (key === secretKey) return ok(undefined);
  const message = `Invalid API Key provided: ${key.slice(0, 8)}****${key.slice(-4)}`;
  return err({ status: 401, type: 'invalid_request_error', message });
}

function failed(failure: StripeFailure): ApiAnswer {
  return { status: failure.status, body: renderFailure(failure) };
}

/** Stripe keeps the answer of a key unless its parameters were wrong to begin with. */
function isKept(failure: StripeFailure): boolean {
  return failure.code?.startsWith('parameter_') !== true;
}

/** Does what is asked, once; says too whether a later use of the key gets the same answer. */
function perform(
  request: ApiRequest,
  parts: ApiParts,
  cause: Cause,
): { readonly answer: ApiAnswer; readonly isKept: boolean } {
  const form = parseForm([request.query, request.body].filter((text) => text !== '').join('&'));
  if (!form.ok) return { answer: failed(form.error), isKept: false };
  const { store, payUrl } = parts;
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const done = answerCall(request.method, { store, nowSeconds, payUrl, path: request.path, form: form.value });
  if (!done.ok) return { answer: failed(done.error), isKept: isKept(done.error) };
  const { object, expand, happenings } = done.value;
  parts.tell(happenings, cause);
  return { answer: { status: 200, body: render(object, expand, store) }, isKept: true };
}

/** Answers a request of the API: authenticated, at most once for each idempotency key. */
export function answerApi(request: ApiRequest, parts: ApiParts): ApiResponse {
  const requestId = newId('req', 14);
  const headers: Record<string, string> = { 'Request-Id': requestId, 'Stripe-Version': request.version ?? apiVersion };
  const authentic = authenticate(request.authorization, parts.secretKey);
  if (!authentic.ok) return { ...failed(authentic.error), headers };

  const key = request.method === 'POST' ? request.idempotencyKey : undefined;
  if (key === undefined)
    return { ...perform(request, parts, { id: requestId, idempotency_key: null }).answer, headers };

  headers['Idempotency-Key'] = key;
  const whole = `${request.method} ${request.path}?${request.query}\n${request.body}`;
  const recalled = parts.idempotency.recall(key, whole);
  if (recalled.kind === 'misused') return { ...failed(recalled.failure), headers };
  if (recalled.kind === 'repeat') return { ...recalled.answer, headers: { ...headers, 'Idempotent-Replayed': 'true' } };
  const done = perform(request, parts, { id: requestId, idempotency_key: key });
  if (done.isKept) parts.idempotency.remember(key, whole, done.answer);
  return { ...done.answer, headers };
}
