import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: '../edge-api/src/store/schema/*.ts',
  out: './migrations',
  // Files are applied in the order of their names; those with functions are written by hand and stand between.
  migrations: { prefix: 'timestamp' },
});
