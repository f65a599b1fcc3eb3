import { credentialDigest, tokenDigestInput } from '@marvel/shared/credential-digest';
import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import type { NotFound, Unavailable } from '../store/database-error.ts';
import { findSession, touchSession } from '../store/session.ts';
import type { Access } from './access.ts';
import type { Services } from './services.ts';

/** Who calls: an account through one of its sessions. */
export interface SessionIdentity {
  readonly accountId: string;
  /** What tells this session from the account's others. */
  readonly tokenDigest: string;
}

/** Who calls: whoever holds this token. The statement that serves a gateway looks it up itself, so that one round trip does both. */
export interface GatewayIdentity {
  readonly tokenDigest: string;
}

/** Who calls: an account, through one of its API keys or whatever else a dialect takes for it. */
export interface AccountIdentity {
  readonly accountId: string;
}

/** What is known of the caller of an endpoint with that access. */
export type Identity<A extends Access> = A extends 'session'
  ? SessionIdentity
  : A extends 'gateway'
    ? GatewayIdentity
    : A extends 'account'
      ? AccountIdentity
      : undefined;

/** No token of ours is longer; an operator's may be up to this. */
const maxTokenLength = 512;
/** A session that was used more recently is not noted again. */
const touchAfterMs = 60_000;
const unauthenticated: Failure = { code: 'unauthenticated' };

/** The bearer token of a request. Source: RFC 6750 section 2.1. */
export function bearerToken(headers: Headers): string | undefined {
  const match = /^Bearer +([\x21-\x7e]+)$/i.exec(headers.get('Authorization') ?? '');
  const token = match?.[1];
  return token === undefined || token.length > maxTokenLength ? undefined : token;
}

/** What a token is shown for. */
interface Asked {
  readonly access: Access;
  readonly method: string;
  readonly whileSuspended?: boolean;
}

/**
 * Finds who a bearer token of `/v1` belongs to.
 *
 * Errors: `unauthenticated`, alike for an unknown one, an expired one and one of another kind; `unavailable`.
 */
export async function identifyToken(
  { access, method, whileSuspended }: Asked,
  token: string,
  services: Services,
): Promise<Result<Identity<Access>, Failure>> {
  const digest = await credentialDigest(services.env.CREDENTIAL_PEPPER, tokenDigestInput(token));
  switch (access) {
    case 'operator':
      return (await isOperator(digest, services)) ? ok(undefined) : err(unauthenticated);
    case 'session': {
      const session = await findSession(services.db, digest);
      if (!session.ok) return err(orUnauthenticated(session.error));
      const { accountId, status, lastSeenAt } = session.value;
      const mayGoOn = method === 'GET' || whileSuspended === true;
      if (status === 'suspended' && !mayGoOn) return err({ code: 'forbidden', message: 'This account is suspended' });
      if (services.nowMs - lastSeenAt.getTime() > touchAfterMs) services.afterwards(touch(digest, services));
      return ok({ accountId, tokenDigest: digest });
    }
    case 'gateway':
      return ok({ tokenDigest: digest });
    case 'public':
    case 'account':
      throw new Error(`no token of /v1 is for ${access} endpoints`);
  }
}

function orUnauthenticated(failure: NotFound | Unavailable): Failure {
  return failure.code === 'not_found' ? unauthenticated : failure;
}

async function touch(tokenDigest: string, { db, log }: Services): Promise<void> {
  try {
    await touchSession(db, tokenDigest);
  } catch (error) {
    log.error('touch_session_failed', error);
  }
}

/** Compares digests, so that the time it takes tells nothing of the token. */
async function isOperator(digest: string, { env }: Services): Promise<boolean> {
  return digest === (await credentialDigest(env.CREDENTIAL_PEPPER, tokenDigestInput(env.OPERATOR_TOKEN)));
}
