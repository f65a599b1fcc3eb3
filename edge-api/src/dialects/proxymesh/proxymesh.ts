import { type Failure, failureEntry } from '@marvel/shared/failures';
import type { Env } from '../../env.ts';
import type { Dialect } from '../../http/dialect.ts';
import { failureHeaders, mountStatusOf } from '../../http/mount-failure.ts';
import { parseFormBody } from '../../http/read-form.ts';
import { mountOfHost } from '../../http/routed-path.ts';
import { basicCredential, identifyBasic } from './identify-basic.ts';

/** What ProxyMesh says after the 3 digits. Source: ProxyMesh's documentation. */
const phrases: Readonly<Record<number, string>> = {
  401: 'Basic Authentication Failure',
  402: 'Payment required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
  503: 'Plan error: Unable to lookup subscription plan. Please try again in a few minutes.',
};

/** ProxyMesh: Basic credentials, forms, JSON for what succeeds or is wrong with a form, and plain text for the rest. Source: ProxyMesh's documentation. */
export const proxymesh: Dialect = {
  name: 'proxymesh',
  turnAway: (request, { env }) =>
    // A deployment whose own address is https is spoken to over https; a local stack has no certificate.
    env.PUBLIC_API_URL.startsWith('https:') && request.url.startsWith('http:')
      ? new Response(null, { status: 302, headers: { Location: overHttps(request, env) } })
      : undefined,
  credential: basicCredential,
  identify: identifyBasic,
  parseBody: parseFormBody,
  renderReply: ({ reply }, _request, value, headers) =>
    reply.status === 204 ? new Response(null, { status: 204, headers }) : Response.json(value, { headers }),
  renderFailure(failure, given) {
    const status = mountStatusOf('proxymesh', failure);
    const headers = failureHeaders(failure, given);
    if (status === 400) return Response.json(formFailure(failure), { status, headers });
    if (status === 401) headers.set('WWW-Authenticate', 'Basic realm="marvel"');
    headers.set('Content-Type', 'text/plain; charset=utf-8');
    return new Response(plainText(failure, status), { status, headers });
  },
  // Source: ProxyMesh's documentation: asking for a list with POST is forbidden; any other wrong method is one.
  wrongMethod: (method, allowed) => (method === 'POST' && allowed.includes('GET') ? 'forbidden' : 'method_not_allowed'),
};

/** The same place over https: of a host name of its own, or of the API. */
function overHttps(request: Request, env: Env): string {
  const { host, pathname, search } = new URL(request.url);
  const isOwn = mountOfHost(request, env.DIALECT_HOSTS) !== undefined;
  return `${isOwn ? `https://${host}` : new URL(env.PUBLIC_API_URL).origin}${pathname}${search}`;
}

/** Every field that is wrong, after the 3 digits. */
function formFailure({ code, message, issues = [] }: Failure): Readonly<Record<string, unknown>> {
  const fields = Map.groupBy(issues, ({ field }) => field);
  const errors = [...fields].map(([field, of]) => [field, of.map((issue) => issue.message)] as const);
  return { code: 400, error: message ?? failureEntry(code).reason, errors: Object.fromEntries(errors) };
}

/** The body that ProxyMesh gives for a sub-account is that sentence alone; the others begin with their 3 digits. */
function plainText({ code, message }: Failure, status: number): string {
  if (code === 'not_found' && message !== undefined) return message;
  if (code === 'maintenance') return `${status} ${failureEntry(code).reason}`;
  return `${status} ${phrases[status] ?? failureEntry(code).reason}`;
}
