import type { Failure, FailureCode } from '@marvel/shared/failures';
import type { Result } from '@marvel/shared/result';
import type * as v from 'valibot';
import type { Access } from './access.ts';
import type { Endpoint } from './endpoint.ts';
import type { Identity } from './identity.ts';
import type { Services } from './services.ts';

/**
 * How a family of endpoints speaks: who calls, what a body is, how a reply and a failure look. Everything between, from
 * rate limits to handlers, is the same for `/v1` and for every mount.
 */
export interface Dialect {
  /** Its name in `DIALECT_HOSTS` and in paths, `/dialects/<name>`. */
  readonly name: string;
  /** What is answered before anything is looked at, as a redirect is. */
  readonly turnAway?: (request: Request, services: Services) => Response | undefined;
  /** What a request shows of its caller, in whatever header; without it nothing is looked up. */
  readonly credential: (headers: Headers) => string | undefined;
  /** Finds who that is. Errors: `unauthenticated`, alike for whatever is wrong; `forbidden`; `unavailable`. */
  readonly identify: (
    endpoint: Endpoint,
    credential: string,
    request: Request,
    services: Services,
  ) => Promise<Result<Identity<Access>, Failure>>;
  /** What a query must be where the endpoint says nothing of it; anything unless given. */
  readonly defaultQuery?: v.GenericSchema;
  /** Reads a body that has a schema. Errors: `unsupported_media_type`, `bad_request`, `invalid`. */
  readonly parseBody: (contentType: string | null, body: Uint8Array) => Result<unknown, Failure>;
  readonly renderReply: (endpoint: Endpoint, request: Request, value: unknown, headers: Headers) => Response;
  /** The only place that writes the status of a failure; without an endpoint none was found, or none got so far. */
  readonly renderFailure: (
    failure: Failure,
    headers: Readonly<Record<string, string>>,
    endpoint?: Endpoint,
  ) => Response;
  /** What a path says to a method that it does not have; `method_not_allowed` unless given. */
  readonly wrongMethod?: (method: string, allowed: readonly string[]) => FailureCode;
}

/** A dialect and what it is spoken to. */
export interface Mount {
  readonly dialect: Dialect;
  readonly endpoints: readonly Endpoint[];
}

/** Below which path a mount lies. */
export function mountPath({ name }: Pick<Dialect, 'name'>): string {
  return `/dialects/${name}`;
}
