import { createApp } from './app.ts';
import { type Env, readEnv } from './env.ts';
import { requestLog } from './http/log.ts';
import { renderFailure } from './http/render-failure.ts';
import { requestIdHeader } from './http/reply-headers.ts';
import { sweep } from './jobs/sweep.ts';
import { createDatabase } from './store/database.ts';

const apps = new WeakMap<Env, ReturnType<typeof createApp>>();

/** The app of a deployment, made once in an isolate. */
function appOf(env: Env): ReturnType<typeof createApp> {
  let app = apps.get(env);
  if (app === undefined) {
    app = createApp(env);
    apps.set(env, app);
  }
  return app;
}

/** A deployment with missing variables serves nobody, and says so in its log. */
function refuse(error: unknown): Response {
  const requestId = crypto.randomUUID();
  requestLog(requestId).error('deployment_incomplete', error);
  return renderFailure({ code: 'internal' }, { [requestIdHeader]: requestId });
}

export default {
  fetch(request, bindings, execution) {
    let env: Env;
    try {
      env = readEnv(bindings);
    } catch (error) {
      return refuse(error);
    }
    return appOf(env).fetch(request, bindings, execution);
  },
  async scheduled(_event, bindings) {
    const log = requestLog(crypto.randomUUID());
    try {
      await sweep({ db: createDatabase(readEnv(bindings)), log });
    } catch (error) {
      log.error('sweep_failed', error);
    }
  },
} satisfies ExportedHandler<object>;
