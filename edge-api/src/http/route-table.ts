import type { Context, Hono } from 'hono';
import type { Failure } from '@marvel/shared/failures';
import type { Endpoint } from './endpoint.ts';
import { addressCaller, countRequest } from './rate-limit.ts';
import { renderFailure } from './render-failure.ts';
import { serveEndpoint } from './serve-endpoint.ts';
import type { Services } from './services.ts';

/** What the app keeps of one request while it is served. */
export interface AppContext {
  Variables: { services: Services };
}

/**
 * Gives every endpoint its route, and every known path an answer to the methods it does not have: 405 with `Allow`.
 *
 * Errors: throws when two endpoints claim the same method and path.
 */
export function mountEndpoints(app: Hono<AppContext>, endpoints: readonly Endpoint[]): void {
  const byPath = Map.groupBy(endpoints, (endpoint) => endpoint.path);
  for (const [path, group] of byPath) {
    const methods = group.map((endpoint) => endpoint.method);
    if (new Set(methods).size !== methods.length) throw new Error(`${path} is declared twice for one method`);
    const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1');
    for (const endpoint of group) app.on(endpoint.method, pattern, async (context) => serve(endpoint, context));
    const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ');
    app.all(pattern, async (context) =>
      refuse(context.req.raw, context.get('services'), { code: 'method_not_allowed' }, { Allow: allow }),
    );
  }
}

/** Refuses what no endpoint serves; also that is counted. */
export async function refuse(
  request: Request,
  services: Services,
  failure: Failure,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const counted = await countRequest(addressCaller(request.headers), services);
  return renderFailure(counted.refusal ?? failure, { ...headers, ...counted.headers });
}

async function serve(endpoint: Endpoint, context: Context<AppContext>): Promise<Response> {
  return serveEndpoint(endpoint, context.req.raw, context.req.param(), context.get('services'));
}
