/** An error of Stripe's API. Source: docs.stripe.com/api/errors. */
export interface StripeFailure {
  readonly status: number;
  readonly type: 'invalid_request_error' | 'idempotency_error' | 'api_error';
  readonly code?: string;
  readonly message: string;
  /** The parameter at fault, as it is written in a form: `line_items[0][quantity]`. */
  readonly param?: string;
}

/** A request that is understood and cannot be done: 400 with a code. */
export function invalidRequest(code: string | undefined, message: string, param?: string): StripeFailure {
  return {
    status: 400,
    type: 'invalid_request_error',
    message,
    ...(code === undefined ? {} : { code }),
    ...(param === undefined ? {} : { param }),
  };
}

/** An id that names nothing: 404 when it is the path's, 400 when it is a parameter's. */
export function noSuch(what: string, id: string, param = 'id'): StripeFailure {
  const failure = invalidRequest('resource_missing', `No such ${what.replace('.', ' ')}: '${id}'`, param);
  return param === 'id' ? { ...failure, status: 404 } : failure;
}

/** The body that Stripe sends with an error. */
export function renderFailure(failure: StripeFailure): object {
  const { status: _, ...error } = failure;
  return { error };
}
