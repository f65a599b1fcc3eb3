import { createApp } from './app.ts';
import { readEnv } from './env.ts';

const apps = new WeakMap<object, ReturnType<typeof createApp>>();

export default {
  fetch(request, bindings, execution) {
    let app = apps.get(bindings);
    if (app === undefined) {
      app = createApp(readEnv(bindings));
      apps.set(bindings, app);
    }
    return app.fetch(request, bindings, execution);
  },
} satisfies ExportedHandler<object>;
