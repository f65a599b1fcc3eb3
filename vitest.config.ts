import { fileURLToPath } from 'node:url';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

/** Makes once what the tests of these rooms begin with. */
const prepareRun = fileURLToPath(new URL('dev-stack/src/prepared-run-setup.ts', import.meta.url));

/**
 * A room whose tests run in Node and may start a whole local stack, so its hooks may take long. Its files share the
 * modules of their worker, which are read once: no module of ours keeps anything that a test of another could see.
 */
function nodeRoom(name: string) {
  return {
    test: {
      name,
      root: `./${name}`,
      include: ['src/**/*.test.ts'],
      environment: 'node' as const,
      testTimeout: 30_000,
      hookTimeout: 120_000,
      teardownTimeout: 30_000,
      isolate: false,
    },
  };
}

/** What is seen of a gateway from outside once more, over the sockets that it has where its own cannot be compiled. */
function gatewayOnNodesSockets() {
  const { test } = nodeRoom('gateway');
  const env = { MARVEL_TEST_SOCKETS: 'node' };
  const include = ['src/{gateway,gateway.{descriptors,memory},clock-steps,serve-*}.test.ts'];
  return { test: { ...test, name: 'gateway-node-sockets', include, env } };
}

/** A room whose tests start a database, the Worker or whole stacks. */
function stackRoom(name: string) {
  const { test } = nodeRoom(name);
  return { test: { ...test, globalSetup: [prepareRun] } };
}

export default defineConfig({
  test: {
    passWithNoTests: true,
    // Each file may own processes (Postgres, workerd, gateways), so that more at once only make each other slow. Three keep
    // the two cores of a small machine busy while files wait for a process to start or for a second to go by.
    maxWorkers: 3,
    projects: [
      {
        test: { name: 'shared', root: './shared', include: ['src/**/*.test.ts'], environment: 'node', isolate: false },
      },
      {
        // The same files once more in workerd: what is shared has to behave alike in both runtimes.
        plugins: [cloudflareTest({ miniflare: { compatibilityDate: '2026-07-01' } })],
        test: { name: 'shared-workerd', root: './shared', include: ['src/**/*.test.ts'] },
      },
      nodeRoom('gateway'),
      gatewayOnNodesSockets(),
      stackRoom('edge-api'),
      stackRoom('drizzle'),
      stackRoom('dashboard'),
      stackRoom('dev-stack'),
      nodeRoom('exit-agent'),
      stackRoom('sdk'),
      stackRoom('cli'),
      stackRoom('conformance'),
      nodeRoom('bench'),
    ],
  },
});
