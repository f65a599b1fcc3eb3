import { neon, neonConfig } from '@neondatabase/serverless';
import { drizzle, type NeonHttpDatabase } from 'drizzle-orm/neon-http';

/** The database as the store sees it: every statement is one round trip and one transaction of its own. */
export type Database = NeonHttpDatabase;

/** Opens the database over Neon's HTTP protocol. Nothing is sent until the first statement. */
export function createDatabase(env: {
  readonly DATABASE_URL: string;
  readonly NEON_FRONT_URL?: string | undefined;
}): Database {
  // The driver knows one endpoint for the whole isolate, which is right: there is one database.
  if (env.NEON_FRONT_URL !== undefined) neonConfig.fetchEndpoint = new URL('/sql', env.NEON_FRONT_URL).href;
  return drizzle(neon(env.DATABASE_URL));
}
