import { createApp } from './app.ts';
import { type Env, readEnv } from './env.ts';
import { requestLog } from './http/log.ts';
import { servePage } from './http/pages.ts';
import { renderFailure } from './http/render-failure.ts';
import { requestIdHeader } from './http/reply-headers.ts';
import { mountOfHost } from './http/routed-path.ts';
import { keepMonths } from './jobs/keep-months.ts';
import { reconcileBooks } from './jobs/reconcile-books.ts';
import { deliverWebhooks } from './jobs/deliver-webhooks.ts';
import { resolveSources } from './jobs/resolve-sources.ts';
import { sweep } from './jobs/sweep.ts';
import { turnPeriods } from './jobs/turn-periods.ts';
import { createDatabase } from './store/database.ts';

export { RateLimiter } from './http/rate-limiter.ts';

/** What is due once a minute, and once a day at the time that `wrangler.toml` has as well. */
const jobs = { keepMonths, sweep, turnPeriods, resolveSources, deliverWebhooks };
const dailyJobs = { reconcileBooks };
const dailyCron = '17 4 * * *';

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
  async fetch(request, bindings, execution) {
    let env: Env;
    try {
      env = readEnv(bindings);
    } catch (error) {
      return refuse(error);
    }
    // Where a host name stands for a mount there are no pages.
    const isOfMount = mountOfHost(request, env.DIALECT_HOSTS) !== undefined;
    const page = isOfMount ? undefined : await servePage(request, env.ASSETS);
    return page ?? appOf(env).fetch(request, bindings, execution);
  },
  async scheduled({ cron }, bindings) {
    const log = requestLog(crypto.randomUUID());
    // One that fails does not keep the others from what is due.
    for (const [name, job] of Object.entries(cron === dailyCron ? dailyJobs : jobs)) {
      try {
        const env = readEnv(bindings);
        await job({ env, db: createDatabase(env), log, nowMs: Date.now() });
      } catch (error) {
        log.error('job_failed', error, { job: name });
      }
    }
  },
} satisfies ExportedHandler<object>;
