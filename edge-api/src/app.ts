import { Hono } from 'hono';
import type { Env } from './env.ts';
import { requestLog } from './http/log.ts';
import { renderFailure } from './http/render-failure.ts';
import { dashboardCors, dataOnlyHeaders, requestIdHeader } from './http/reply-headers.ts';
import { type AppContext, mountEndpoints, refuse } from './http/route-table.ts';
import type { Services } from './http/services.ts';
import { randomBytes } from './random.ts';
import { endpoints } from './routes/endpoints.ts';
import { describing } from './routes/openapi/get-openapi.ts';
import { createDatabase } from './store/database.ts';

/** The control API of one deployment. */
export function createApp(env: Env): Hono<AppContext> {
  const app = new Hono<AppContext>();
  const db = createDatabase(env);

  app.use(async (context, next) => {
    const requestId = crypto.randomUUID();
    const services: Services = {
      env,
      db,
      requestId,
      log: requestLog(requestId),
      nowMs: Date.now(),
      randomBytes,
      afterwards: (work) => context.executionCtx.waitUntil(work),
    };
    context.set('services', services);
    await next();
    context.header(requestIdHeader, requestId);
  });
  app.use(dataOnlyHeaders);
  app.use(dashboardCors(env));
  mountEndpoints(app, [...endpoints, describing(endpoints)]);

  app.notFound(async (context) => refuse(context.req.raw, context.get('services'), { code: 'not_found' }));
  app.onError((error, context) => {
    context.get('services').log.error('request_failed', error, {
      method: context.req.method,
      route: context.req.routePath,
    });
    return renderFailure({ code: 'internal' });
  });
  return app;
}
