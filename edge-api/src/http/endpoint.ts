import type { Failure, FailureCode } from '@marvel/shared/failures';
import type { Result } from '@marvel/shared/result';
import type * as v from 'valibot';
import type { Access } from './access.ts';
import type { Identity } from './identity.ts';
import type { Once } from './once.ts';
import type { Services } from './services.ts';
import type { FieldFailures } from './validate.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Parsed<S> = S extends v.GenericSchema ? v.InferOutput<S> : undefined;

/** What is read of a request's body: JSON of a schema, or the bytes as they came. */
export type BodySpec = v.GenericSchema | 'bytes' | undefined;
type ParsedBody<B> = B extends 'bytes' ? Uint8Array : Parsed<B>;

/** The columns of a page's rows; with `within`, a line for each member of that list in a row, with the row's own columns. */
export type CsvSpec = readonly string[] | { readonly columns: readonly string[]; readonly within: string };

/** What an endpoint answers: JSON of a schema, text or bytes of a content type, or nothing. */
export type ReplySpec =
  | {
      readonly status: 200 | 201 | 202;
      readonly description: string;
      readonly body: v.GenericSchema;
      /** For clients that ask for `text/csv`. */
      readonly csv?: CsvSpec;
    }
  | { readonly status: 200; readonly description: string; readonly contentType: string }
  | { readonly status: 204; readonly description: string };
type ReplyValue<R> = R extends { readonly body: infer S extends v.GenericSchema }
  ? v.InferOutput<S>
  : R extends { readonly contentType: string }
    ? Uint8Array | string
    : void;

/** A request that was found allowed and well-formed. */
export interface EndpointRequest<P, Q, B, A extends Access> {
  readonly params: Parsed<P>;
  readonly query: Parsed<Q>;
  readonly body: ParsedBody<B>;
  readonly identity: Identity<A>;
  readonly headers: Headers;
  /** Headers for the reply beside those that every reply has. */
  readonly replyHeaders: Headers;
  /** What makes this request's effect happen once; `undefined` without an `Idempotency-Key`. */
  readonly once: Once | undefined;
}

/** One method of one path: declared once, used by routing, validation and the OpenAPI document alike. */
export interface EndpointSpec<
  P extends v.GenericSchema | undefined,
  Q extends v.GenericSchema | undefined,
  B extends BodySpec,
  R extends ReplySpec,
  A extends Access,
> {
  readonly method: Method;
  /** As OpenAPI writes it: `/v1/keys/{id}`. */
  readonly path: string;
  readonly access: A;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** A parameter that does not fit is `not_found`, unless `fieldFailures` has a code for it. */
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Default `defaultMaxBodyBytes`. */
  readonly maxBodyBytes?: number;
  readonly fieldFailures?: FieldFailures;
  readonly reply: R;
  /** Beside those that follow from access, parameters and body. */
  readonly failures: readonly FailureCode[];
  /** Whether `Idempotency-Key` is honoured. */
  readonly idempotent?: boolean;
  /** Of a public endpoint: whose `Idempotency-Key` it is, so that strangers who send the same one do not meet. */
  readonly onceFor?: (body: ParsedBody<B>) => string;
  /** `Cache-Control` of a success; `no-store` unless given. */
  readonly cacheControl?: string;
  /** Whether it answers during maintenance. */
  readonly duringMaintenance?: boolean;
  /** Whether an account that is suspended may do it; it may read anyway. */
  readonly whileSuspended?: boolean;
  readonly handle: (
    request: EndpointRequest<P, Q, B, A>,
    services: Services,
  ) => Promise<Result<ReplyValue<R>, Failure>>;
}

/** A request as the route table hands it on: found well-formed by the schemas of the very endpoint. */
export type AnyRequest = Omit<EndpointRequest<undefined, undefined, undefined, Access>, 'params' | 'query' | 'body'> & {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
};

/** An endpoint with its types put aside, as the route table holds it. */
export type Endpoint = Omit<
  EndpointSpec<v.GenericSchema | undefined, v.GenericSchema | undefined, BodySpec, ReplySpec, Access>,
  'handle' | 'onceFor'
> & {
  readonly onceFor: ((body: unknown) => string) | undefined;
  readonly handle: (request: AnyRequest, services: Services) => Promise<Result<unknown, Failure>>;
};

/** Declares an endpoint. What the handler is given and must answer follows from the schemas. */
export function endpoint<
  const A extends Access,
  const R extends ReplySpec,
  P extends v.GenericSchema | undefined = undefined,
  Q extends v.GenericSchema | undefined = undefined,
  B extends BodySpec = undefined,
>(spec: EndpointSpec<P, Q, B, R, A>): Endpoint {
  const { onceFor } = spec;
  return {
    ...spec,
    onceFor:
      onceFor === undefined
        ? undefined
        : // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schemas of `spec` made it
          (body) => onceFor(body as ParsedBody<B>),
    handle: async (request, services) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schemas of `spec` made what is in it
      return spec.handle(request as EndpointRequest<P, Q, B, A>, services);
    },
  };
}
