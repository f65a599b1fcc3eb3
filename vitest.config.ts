import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

/** A room whose tests run in Node and may start a whole local stack, so its hooks may take long. */
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
    },
  };
}

export default defineConfig({
  test: {
    passWithNoTests: true,
    // Each file may own processes (Postgres, workerd, gateways); more at once only makes them slow on a small machine.
    maxWorkers: 2,
    projects: [
      { test: { name: 'shared', root: './shared', include: ['src/**/*.test.ts'], environment: 'node' } },
      {
        // The same files once more in workerd: what is shared has to behave alike in both runtimes.
        plugins: [cloudflareTest({ miniflare: { compatibilityDate: '2026-07-01' } })],
        test: { name: 'shared-workerd', root: './shared', include: ['src/**/*.test.ts'] },
      },
      nodeRoom('gateway'),
      nodeRoom('edge-api'),
      nodeRoom('drizzle'),
      nodeRoom('dashboard'),
      nodeRoom('dev-stack'),
      nodeRoom('exit-agent'),
      nodeRoom('sdk'),
      nodeRoom('cli'),
      nodeRoom('conformance'),
      nodeRoom('bench'),
    ],
  },
});
