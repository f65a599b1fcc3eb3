import type { Context, Hono } from 'hono';
import type { Failure } from '@marvel/shared/failures';
import type { Dialect, Mount } from './dialect.ts';
import type { Endpoint } from './endpoint.ts';
import { addressCaller, countRequest } from './rate-limit.ts';
import { serveEndpoint } from './serve-endpoint.ts';
import type { Services } from './services.ts';

/** What the app keeps of one request while it is served. */
export interface AppContext {
  Variables: {
    services: Services;
    /** What is spoken where the request came to. */
    dialect: Dialect;
  };
}

/**
 * Gives every endpoint its route, and every known path an answer to the methods it does not have: 405 with `Allow`.
 *
 * Errors: throws when two endpoints claim the same method and path.
 */
export function mountEndpoints(app: Hono<AppContext>, { dialect, endpoints }: Mount): void {
  const byPath = Map.groupBy(endpoints, (endpoint) => endpoint.path);
  for (const [path, group] of byPath) {
    const methods = group.map((endpoint) => endpoint.method);
    if (new Set(methods).size !== methods.length) throw new Error(`${path} is declared twice for one method`);
    const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1');
    for (const endpoint of group) {
      app.on(endpoint.method, pattern, async (context) => serve(dialect, endpoint, context));
    }
    const allowed = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])];
    app.all(pattern, async (context) => {
      const code = dialect.wrongMethod?.(context.req.method, allowed) ?? 'method_not_allowed';
      return refuse(context, { code }, { Allow: allowed.join(', ') });
    });
  }
}

/** Refuses what no endpoint serves; also that is counted. */
export async function refuse(
  context: Context<AppContext>,
  failure: Failure,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const [dialect, services] = [context.get('dialect'), context.get('services')];
  const request = context.req.raw;
  const turnedAway = dialect.turnAway?.(request, services);
  if (turnedAway !== undefined) return turnedAway;
  const counted = await countRequest(addressCaller(request.headers), services);
  return dialect.renderFailure(counted.refusal ?? failure, { ...headers, ...counted.headers });
}

async function serve(dialect: Dialect, endpoint: Endpoint, context: Context<AppContext>): Promise<Response> {
  return serveEndpoint(dialect, endpoint, context.req.raw, context.req.param(), context.get('services'));
}
