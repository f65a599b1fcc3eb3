import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import type * as v from 'valibot';
import { findAnswer } from '../store/answer.ts';
import type { Access } from './access.ts';
import type { Endpoint } from './endpoint.ts';
import type { Dialect } from './dialect.ts';
import type { Identity } from './identity.ts';
import { knownCredentials } from './known-credentials.ts';
import { refuseForMaintenance } from './maintenance.ts';
import { openOnce, type Once } from './once.ts';
import { addressCaller, type Caller, countRequest, type CountedRequest } from './rate-limit.ts';
import { defaultMaxBodyBytes, readBody } from './read-body.ts';
import type { Services } from './services.ts';
import { validate } from './validate.ts';

/** Path parameters as the router found them. */
export type PathParams = Readonly<Record<string, string>>;

/**
 * Serves one request: maintenance, who calls and how often, parameters, query, body, repeat or not, handler, reply; the first that fails is the
 * answer.
 */
export async function serveEndpoint(
  dialect: Dialect,
  endpoint: Endpoint,
  request: Request,
  params: PathParams,
  services: Services,
): Promise<Response> {
  const turnedAway = dialect.turnAway?.(request, services);
  if (turnedAway !== undefined) return turnedAway;
  let counted = await countStranger(dialect, endpoint, request, services);
  if (counted?.refusal !== undefined) return dialect.renderFailure(counted.refusal, counted.headers, endpoint);
  const identity = await identifyCaller(dialect, endpoint, request, services);
  const caller = callerOf(endpoint, request, identity);
  if (caller !== undefined && (identity.ok || counted === undefined)) counted = await countRequest(caller, services);
  if (counted?.refusal !== undefined) return dialect.renderFailure(counted.refusal, counted.headers, endpoint);
  const replyHeaders = new Headers(counted?.headers);
  const outcome = identity.ok
    ? await decideOrFail({ dialect, endpoint }, request, params, identity.value, replyHeaders, services)
    : identity;
  await noteCredential(dialect, endpoint, request, outcome);
  if (!outcome.ok) return dialect.renderFailure(outcome.error, counted?.headers ?? {}, endpoint);
  replyHeaders.set('Cache-Control', endpoint.cacheControl ?? 'no-store');
  return dialect.renderReply(endpoint, request, outcome.value, replyHeaders);
}

/**
 * Counts a request by its address before anything is looked up, unless what it shows was good lately: so a flood of made-up
 * tokens reaches the database no more often than an address may ask. Gateways are few and prompt: a known one waits for no
 * count.
 */
async function countStranger(
  dialect: Dialect,
  endpoint: Endpoint,
  request: Request,
  services: Services,
): Promise<CountedRequest | undefined> {
  const credential = credentialOf(dialect, endpoint, request);
  const isKnown = credential !== undefined && (await knownCredentials.has(credential, services.nowMs));
  return isKnown ? undefined : countRequest(addressCaller(request.headers), services);
}

/** Remembers what was good, and forgets what no longer is. Only the order of counting goes by it. */
async function noteCredential(
  dialect: Dialect,
  endpoint: Endpoint,
  request: Request,
  outcome: Result<unknown, Failure>,
): Promise<void> {
  const credential = credentialOf(dialect, endpoint, request);
  if (credential === undefined) return;
  if (outcome.ok || outcome.error.code !== 'unauthenticated') await knownCredentials.add(credential, Date.now());
  else await knownCredentials.delete(credential);
}

function credentialOf(dialect: Dialect, { access }: Endpoint, request: Request): string | undefined {
  return access === 'public' ? undefined : dialect.credential(request.headers);
}

/** Who a request is counted as, once it is known who calls; `undefined` for nobody else than it is counted as already. */
function callerOf(
  { access }: Endpoint,
  request: Request,
  identity: Result<Identity<Access>, Failure>,
): Caller | undefined {
  if (!identity.ok) return access === 'gateway' ? undefined : addressCaller(request.headers);
  if (identity.value !== undefined && 'accountId' in identity.value) return `account/${identity.value.accountId}`;
  return access === 'operator' ? 'operator' : undefined;
}

async function identifyCaller(
  dialect: Dialect,
  endpoint: Endpoint,
  request: Request,
  services: Services,
): Promise<Result<Identity<Access>, Failure>> {
  const credential = endpoint.access === 'public' ? undefined : dialect.credential(request.headers);
  // Known without asking the database, so that a flood of such requests does not reach it.
  if (endpoint.access !== 'public' && credential === undefined) return err({ code: 'unauthenticated' });
  const refusal = endpoint.duringMaintenance === true ? undefined : await refuseForMaintenance(services);
  if (refusal !== undefined) return err(refusal);
  return credential === undefined ? ok(undefined) : dialect.identify(endpoint, credential, request, services);
}

/** A fault is answered here, where it is known how often the caller may ask again. */
async function decideOrFail(...given: Parameters<typeof decide>): ReturnType<typeof decide> {
  try {
    return await decide(...given);
  } catch (error) {
    const [{ endpoint }, { method }, , , , { log }] = given;
    log.error('request_failed', error, { method, route: endpoint.path });
    return err({ code: 'internal' });
  }
}

async function decide(
  { dialect, endpoint }: { readonly dialect: Dialect; readonly endpoint: Endpoint },
  request: Request,
  params: PathParams,
  identity: Identity<Access>,
  replyHeaders: Headers,
  services: Services,
): Promise<Result<unknown, Failure>> {
  const url = new URL(request.url);
  const parsedParams = parseParams(endpoint, params);
  if (!parsedParams.ok) return parsedParams;
  const query = parseQuery(dialect, endpoint, url.searchParams);
  if (!query.ok) return query;
  const body = await parseBody(dialect, endpoint, request);
  if (!body.ok) return body;

  const header = endpoint.idempotent === true ? request.headers.get('Idempotency-Key') : null;
  const caller = onceOwner(endpoint, identity, body.value.parsed);
  const scope = `${caller}\n${endpoint.method} ${url.pathname}`;
  const once = await openOnce(header, services.env.CREDENTIAL_PEPPER, scope, body.value.bytes, services.nowMs);
  if (!once.ok) return once;
  const before = await firstAnswer(once.value, services);
  if (before !== undefined) return before;

  const outcome = await endpoint.handle(
    {
      params: parsedParams.value,
      query: query.value,
      body: body.value.parsed,
      identity,
      headers: request.headers,
      replyHeaders,
      once: once.value,
    },
    services,
  );
  // Of two equal requests at the same time one finds that the other was first.
  if (!outcome.ok && outcome.error.code === 'conflict') return (await firstAnswer(once.value, services)) ?? outcome;
  return outcome;
}

/** Whose idempotency key it is. */
function onceOwner(endpoint: Endpoint, identity: Identity<Access>, body: unknown): string {
  if (identity !== undefined) return 'accountId' in identity ? identity.accountId : identity.tokenDigest;
  return `${endpoint.access} ${endpoint.onceFor?.(body) ?? ''}`;
}

/** What an earlier request with the same idempotency key was answered. */
async function firstAnswer(
  once: Once | undefined,
  { db, nowMs }: Services,
): Promise<Result<unknown, Failure> | undefined> {
  if (once === undefined) return undefined;
  const stored = await findAnswer(db, once.id, nowMs);
  if (!stored.ok) return stored;
  return stored.value === undefined ? undefined : once.open(stored.value);
}

function parseParams({ params: schema, fieldFailures }: Endpoint, params: PathParams): Result<unknown, Failure> {
  if (schema === undefined) return ok(undefined);
  const parsed = validate(schema, params, fieldFailures);
  if (parsed.ok || parsed.error.code !== 'invalid') return parsed;
  return err({ code: 'not_found' });
}

function parseQuery(
  { defaultQuery }: Dialect,
  { query: schema = defaultQuery, fieldFailures }: Endpoint,
  given: URLSearchParams,
): Result<unknown, Failure> {
  if (schema === undefined) return ok(undefined);
  const query: Record<string, string> = {};
  for (const [name, value] of given) {
    if (Object.hasOwn(query, name)) return err({ code: 'invalid', message: 'a query parameter appears twice' });
    Object.defineProperty(query, name, { value, enumerable: true });
  }
  return validate(schema, query, fieldFailures);
}

/** A body as it came, and as its schema has it. */
interface ParsedBody {
  readonly bytes: Uint8Array;
  readonly parsed: unknown;
}

async function parseBody(dialect: Dialect, endpoint: Endpoint, request: Request): Promise<Result<ParsedBody, Failure>> {
  const { body: schema, fieldFailures, maxBodyBytes = defaultMaxBodyBytes } = endpoint;
  if (schema === undefined) return ok({ bytes: new Uint8Array(0), parsed: undefined });
  const came = await readBody(request, maxBodyBytes);
  if (!came.ok) return came;
  const bytes = came.value;
  if (schema === 'bytes') return ok({ bytes, parsed: bytes });
  const read = dialect.parseBody(request.headers.get('content-type'), bytes);
  if (!read.ok) return read;
  const parsed = parseObject(schema, read.value, fieldFailures);
  return parsed.ok ? ok({ bytes, parsed: parsed.value }) : parsed;
}

/** Every body with a schema is an object. Valibot takes an array for one whose members are all missing. */
function parseObject(
  schema: v.GenericSchema,
  value: unknown,
  fieldFailures: Endpoint['fieldFailures'],
): Result<unknown, Failure> {
  if (Array.isArray(value)) return err({ code: 'invalid', message: 'must be an object' });
  return validate(schema, value, fieldFailures);
}
