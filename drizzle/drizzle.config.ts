import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: '../edge-api/src/store/schema/*.ts',
  out: './migrations',
});
