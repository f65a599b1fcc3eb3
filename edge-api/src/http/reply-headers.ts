import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import type { Env } from '../env.ts';

/** Header that names a request, in the reply and in the log. */
export const requestIdHeader = 'X-Request-Id';

/** What a page of the dashboard may read of a reply. */
const exposedHeaders = [
  'X-Marvel-Error',
  'Link',
  requestIdHeader,
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'Retry-After',
];
const preflightMaxAgeS = 7200;

/** Headers that keep a browser from making anything of a reply but data. */
export const dataOnlyHeaders: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  crossOriginResourcePolicy: 'same-site',
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
  xXssProtection: false,
  xDownloadOptions: false,
  xDnsPrefetchControl: false,
  xPermittedCrossDomainPolicies: false,
  originAgentCluster: false,
  crossOriginOpenerPolicy: false,
});

/** Lets the pages of the dashboard's origin call the API, and no other page. */
export function dashboardCors(env: Env): MiddlewareHandler {
  const allowed = cors({
    origin: env.DASHBOARD_ORIGIN ?? '',
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key'],
    exposeHeaders: exposedHeaders,
    maxAge: preflightMaxAgeS,
  });
  return async (context, next) => {
    const origin = context.req.header('Origin');
    if (origin !== undefined && origin === env.DASHBOARD_ORIGIN) return allowed(context, next);
    await next();
    if (env.DASHBOARD_ORIGIN !== undefined) context.header('Vary', 'Origin', { append: true });
  };
}
