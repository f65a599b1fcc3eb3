import { Hono } from 'hono';
import type { Env } from './env.ts';
import { mounts } from './dialects/mounts.ts';
import { mountPath } from './http/dialect.ts';
import { requestLog } from './http/log.ts';
import { dashboardCors, dataOnlyHeaders, requestIdHeader } from './http/reply-headers.ts';
import { type AppContext, mountEndpoints, refuse } from './http/route-table.ts';
import { routedPath } from './http/routed-path.ts';
import type { Services } from './http/services.ts';
import { v1 } from './http/v1-dialect.ts';
import { randomBytes } from './random.ts';
import { endpoints } from './routes/endpoints.ts';
import { describing } from './routes/openapi/get-openapi.ts';
import { createDatabase } from './store/database.ts';

/** The control API of one deployment. */
export function createApp(env: Env): Hono<AppContext> {
  const app = new Hono<AppContext>({ getPath: (request) => routedPath(request, env.DIALECT_HOSTS) });
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
    context.set('dialect', v1);
    await next();
    context.header(requestIdHeader, requestId);
  });
  app.use(dataOnlyHeaders);
  app.use(dashboardCors(env));
  mountEndpoints(app, { dialect: v1, endpoints: [...endpoints, describing(endpoints)] });
  for (const mount of mounts) {
    app.use(`${mountPath(mount.dialect)}/*`, async (context, next) => {
      context.set('dialect', mount.dialect);
      await next();
    });
    mountEndpoints(app, mount);
  }

  app.notFound(async (context) => refuse(context, { code: 'not_found' }));
  app.onError((error, context) => {
    context.get('services').log.error('request_failed', error, {
      method: context.req.method,
      route: context.req.routePath,
    });
    return context.get('dialect').renderFailure({ code: 'internal' }, {});
  });
  return app;
}
