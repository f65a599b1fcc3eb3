import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { SignedIn } from '@marvel/shared/api/account';
import { failureEntry, type FailureCode } from '@marvel/shared/failures';
import { importVerificationKeys, type VerificationKeys } from '@marvel/shared/signature';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import type { JWK } from 'jose';
import * as v from 'valibot';
import { expect } from 'vitest';
import { announce } from './announce.ts';
import { deployedWorker } from './deployed-worker.ts';
import { documentCheck } from './document-check.ts';
import { startMigratedDatabase, type MigratedDatabase } from './migrated-database.ts';

/** The real Worker in workerd, from the real `wrangler.toml`, before a real database. */
export interface Edge extends AsyncDisposable {
  readonly url: URL;
  readonly database: MigratedDatabase;
  readonly operatorToken: string;
  readonly stripeWebhookSecret: string;
  readonly credentialPepper: string;
  /** What pages and replies are signed with. */
  readonly feedKeys: VerificationKeys;
  /**
   * Sends one request; a `body` that is no text or stream goes as JSON. Fails where the reply is none that the OpenAPI
   * document has for its operation.
   */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** A new account with so many bytes. */
  signUp(bytes?: number): Promise<SignedUp>;
  /** What the Worker logged, as text. */
  logs(): string;
  /** Runs what is due, as the cron trigger does: that of every minute, unless another is given. */
  runScheduled(cron?: string): Promise<void>;
}

export interface CallOptions {
  readonly token?: string | undefined;
  readonly body?: unknown;
  /** Announces a body of so many bytes, and waits for the answer before it sends any of them. */
  readonly announcedBytes?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; `undefined` when it is empty. */
  readonly json: unknown;
}

export interface SignedUp {
  readonly accountId: string;
  readonly token: string;
  readonly email: string;
  readonly password: string;
}

export interface EdgeOptions {
  readonly stripeApiUrl?: string;
  readonly dohUrl?: string;
  /** Requests a minute; far more than a test makes unless given. */
  readonly rateLimits?: { readonly account?: number; readonly address?: number; readonly signIn?: number };
  readonly dashboardOrigin?: string;
  /** Another release of that deployment: with its database, pepper and operator token. To be ended before it. */
  readonly sameAs?: Edge;
  /** What signs pages and replies; made anew unless given. */
  readonly feedKey?: FeedKeyPair;
  /** Further variables of the deployment, or others in the place of those here. */
  readonly vars?: Readonly<Record<string, string>>;
}

/** A key that signs pages and replies. */
export interface FeedKeyPair {
  readonly publicJwk: JWK & { readonly kid: string };
  /** JSON, as in `FEED_SIGNING_KEY`. */
  readonly secret: string;
}

/** Makes a key that can sign pages and replies. */
export function makeFeedKey(kid: string): FeedKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    publicJwk: { ...publicKey.export({ format: 'jwk' }), kid },
    secret: JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid }),
  };
}

const noLimit = 999_999_999;

/** Where no server listens: port 9 is `discard`. */
const nowhere = 'http://127.0.0.1:9';

export async function startEdge(options: EdgeOptions = {}): Promise<Edge> {
  await using undo = new AsyncDisposableStack();
  const { sameAs, feedKey = makeFeedKey('test-1') } = options;
  const database = sameAs?.database ?? undo.use(await startMigratedDatabase());
  const operatorToken = sameAs?.operatorToken ?? `operator-${randomBytes(16).toString('hex')}`;
  const stripeWebhookSecret = `whsec_${randomBytes(16).toString('hex')}`;
  const credentialPepper = sameAs?.credentialPepper ?? randomBytes(32).toString('hex');
  const feedKeys = await importVerificationKeys([feedKey.publicJwk]);
  const logged: string[] = [];
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      // Or it would ask its vendor where this machine is.
      cf: false,
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: ({ message }) => logged.push(message),
      ...deployedWorker({
        FLEET: 'test',
        NEON_FRONT_URL: database.front.url,
        STRIPE_API_URL: options.stripeApiUrl ?? nowhere,
        DOH_URL: options.dohUrl ?? nowhere,
        PUBLIC_API_URL: 'http://api.example',
        GATEWAY_ADDRESS: 'gateway.example:9000',
        RATE_LIMIT_ACCOUNT: String(options.rateLimits?.account ?? noLimit),
        RATE_LIMIT_ADDRESS: String(options.rateLimits?.address ?? noLimit),
        RATE_LIMIT_SIGN_IN: String(options.rateLimits?.signIn ?? noLimit),
        WEBHOOK_ALLOW_LOOPBACK: 'true',
        DASHBOARD_ORIGIN: options.dashboardOrigin ?? '',
        ...options.vars,
        DATABASE_URL: database.postgres.url,
        CREDENTIAL_PEPPER: credentialPepper,
        FEED_SIGNING_KEY: feedKey.secret,
        OPERATOR_TOKEN: operatorToken,
        STRIPE_SECRET_KEY: 'sk_test_1',
        STRIPE_WEBHOOK_SECRET: stripeWebhookSecret,
      }),
    }),
  );
  undo.defer(async () => runtime.dispose());
  const url = await runtime.ready;
  // From an address of its own, which no test counts the requests of.
  const document = await fetch(new URL('/v1/openapi.json', url), { headers: { 'CF-Connecting-IP': '192.0.2.250' } });
  const wrongWith = documentCheck(await document.json());

  async function call(method: string, path: string, given: CallOptions = {}): Promise<Reply> {
    const { token, body, announcedBytes } = given;
    const isRaw = typeof body === 'string' || body instanceof ReadableStream;
    const sent = {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined || isRaw ? {} : { 'Content-Type': 'application/json' }),
      ...given.headers,
    };
    const response =
      announcedBytes === undefined
        ? await fetch(new URL(path, url), {
            method,
            redirect: 'manual',
            headers: sent,
            ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
            ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
          })
        : await announce(new URL(path, url), method, { ...sent, 'Content-Length': String(announcedBytes) });
    const text = await response.text();
    const { status, headers } = response;
    const wrong = wrongWith({ method, path, status, headers, text });
    if (wrong !== undefined) throw new Error(`${method} ${path} is not as the OpenAPI document says: ${wrong}`);
    const isJson = headers.get('content-type')?.startsWith('application/json') === true;
    const json: unknown = isJson && text !== '' ? JSON.parse(text) : undefined;
    return { status, headers, text, json };
  }

  async function signUp(bytes = 0): Promise<SignedUp> {
    const email = `${randomBytes(8).toString('hex')}@example.com`;
    const password = randomBytes(12).toString('hex');
    const made = await call('POST', '/v1/accounts', { body: { email, password } });
    expect(made.status).toBe(201);
    const { account_id: accountId, token } = v.parse(SignedIn, made.json);
    if (bytes !== 0) {
      const reference = randomBytes(8).toString('hex');
      await database.query('select adjust_balance($1, $2, $3, $4)', [accountId, bytes, 'test', reference]);
    }
    return { accountId, token, email, password };
  }

  const owned = undo.move();
  return {
    url,
    database,
    operatorToken,
    stripeWebhookSecret,
    credentialPepper,
    feedKeys,
    call,
    signUp,
    logs: () => logged.join('\n'),
    runScheduled: async (cron = '* * * * *') => {
      const worker = await runtime.getWorker();
      await worker.scheduled({ cron });
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

/** Checks that a reply is this failure in the exact form that every failure has. */
export function expectFailure(reply: Reply, code: FailureCode, message?: string): void {
  const entry = failureEntry(code);
  expect({ code: reply.headers.get('X-Marvel-Error'), status: reply.status, body: reply.json }).toEqual({
    code,
    status: entry.api,
    body: { error: message ?? entry.reason },
  });
  expect(reply.headers.get('Link')).toBe(`</docs/errors#${code}>; rel="help"`);
  expect(reply.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(reply.headers.get('Cache-Control')).toBe('no-store');
  expect(reply.headers.get('WWW-Authenticate')).toBe(entry.api === 401 ? 'Bearer realm="marvel"' : null);
}
