import { randomBytes } from 'node:crypto';
import { afterAll } from 'vitest';
import { createDatabase, type Database } from '../src/store/database.ts';
import { createAccount } from '../src/store/account.ts';
import { createProxyKey } from '../src/store/proxy-key.ts';
import { newId } from '../src/store/new-id.ts';
import { type MigratedDatabase, startMigratedDatabase } from './migrated-database.ts';

/** The store before a real database, for the tests of one file. */
export interface Store {
  readonly db: Database;
  readonly database: MigratedDatabase;
  /** A new account with so many bytes. */
  readonly account: (bytes?: number) => Promise<string>;
  readonly key: (account: string, mode?: 'live' | 'test') => Promise<string>;
}

/** Starts the database of a test file, and stops it after its tests. */
export async function openStore(): Promise<Store> {
  const database = await startMigratedDatabase();
  afterAll(async () => database[Symbol.asyncDispose]());
  const db = createDatabase({ DATABASE_URL: database.postgres.url, NEON_FRONT_URL: database.front.url });
  return {
    db,
    database,
    account: async (bytes = 0) => {
      const id = newId('acc');
      const session = { tokenDigest: random(), expiresAt: new Date(Date.now() + 60_000) };
      const made = await createAccount(db, { id, email: `${id}@example.com`, passwordHash: 'hash', session });
      if (!made.ok) throw new Error(made.error.code);
      if (bytes !== 0) await database.query('select adjust_balance($1, $2, $3, $4)', [id, bytes, 'test', random()]);
      return id;
    },
    key: async (accountId, mode = 'live') => {
      const id = newId('key');
      const made = await createProxyKey(db, {
        id,
        accountId,
        digest: random(),
        prefix: 'mk_live_1234',
        label: '',
        mode,
        limits: {},
      });
      if (!made.ok) throw new Error(made.error.code);
      return id;
    },
  };
}

function random(): string {
  return randomBytes(32).toString('base64url');
}
