import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openListener } from './listener.ts';
import { preparedRun } from './prepared-run.ts';
import { describePostgresFailure, startPostgres, type Postgres, type PostgresOptions } from './postgres.ts';

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'marvel-postgres-test-'));
});
afterAll(async () => rm(home, { recursive: true, force: true }));

/** A fresh directory that only its owner may enter, as a checkout below `/root` is. */
async function privateDirectory(): Promise<string> {
  return mkdtemp(join(home, 'case-'));
}

/** A new cluster begins as a copy, unless the test is about its making. */
async function started(options: PostgresOptions = {}): Promise<Postgres> {
  const result = await startPostgres({ copyOf: preparedRun()?.emptyCluster, ...options });
  if (!result.ok) throw new Error(describePostgresFailure(result.error));
  return result.value;
}

/** Runs the statements on a connection of their own and gives the values of the last one. */
async function query(url: string, ...statements: readonly string[]): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  let values: unknown[] = [];
  try {
    for (const text of statements) {
      const result = await client.query<unknown[]>({ text, rowMode: 'array' });
      values = result.rows.flat();
    }
  } finally {
    await client.end();
  }
  return values;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

describe('a throw-away database', () => {
  test('is PostgreSQL 18 with a role that owns its database and is no superuser', async () => {
    await using postgres = await started({ copyOf: undefined });
    expect(await query(postgres.url, `select current_setting('server_version_num')::int / 10000`)).toEqual([18]);
    expect(await query(postgres.url, 'select rolsuper from pg_roles where rolname = current_user')).toEqual([false]);
    expect(await query(postgres.url, 'create schema drizzle', 'select 1')).toEqual([1]);
    expect(await query(postgres.adminUrl, 'select rolsuper from pg_roles where rolname = current_user')).toEqual([
      true,
    ]);
  });

  test('leaves no file when disposed of', async () => {
    const postgres = await started();
    await postgres[Symbol.asyncDispose]();
    expect(postgres.running).toBe(false);
    expect(await exists(postgres.logFile)).toBe(false);
    expect(await exists(postgres.dataDirectory)).toBe(false);
  });

  test('keeps what was committed over a stop and over a crash', async () => {
    await using postgres = await started();
    await query(postgres.url, 'create table kept (n int)', 'insert into kept values (1)');
    await postgres.stop();
    expect(postgres.running).toBe(false);
    expect(await postgres.start()).toEqual({ ok: true, value: undefined });
    await query(postgres.url, 'insert into kept values (2)');
    await postgres.crash();
    expect(await postgres.start()).toEqual({ ok: true, value: undefined });
    expect(await query(postgres.url, 'select n from kept order by n')).toEqual([1, 2]);
  });
});

describe('a stack that ends without stopping its database', () => {
  const code = `
    import { startPostgres } from ${JSON.stringify(new URL('postgres.ts', import.meta.url).href)};
    const { value } = await startPostgres({ copyOf: ${JSON.stringify(preparedRun()?.emptyCluster)} });
    const { url, dataDirectory } = value;
    console.log(JSON.stringify({ url, dataDirectory }));
    setInterval(() => {}, 60_000);
  `;

  test.each(['SIGKILL', 'SIGINT'] as const)(
    'leaves neither server nor files after %s to its process group',
    async (signal) => {
      const stack = spawn(process.execPath, ['--input-type=module', '-e', code], {
        detached: true,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = (await once(createInterface(stack.stdout), 'line')) as [string];
      const { url, dataDirectory } = JSON.parse(line) as { url: string; dataDirectory: string };
      expect(await query(url, 'select 1')).toEqual([1]);

      process.kill(-(stack.pid ?? Number.NaN), signal);

      await vi.waitFor(async () => expect(await exists(dataDirectory)).toBe(false), { timeout: 20_000 });
      await expect(query(url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    },
  );
});

describe('a database that lives on', () => {
  test('is found again by the next start, also where only its owner may look', async () => {
    const dataDirectory = join(await privateDirectory(), '.marvel', 'postgres');
    {
      await using postgres = await started({ dataDirectory });
      await query(postgres.url, 'create table kept (n int)', 'insert into kept values (1)');
      expect(await realpath(dataDirectory)).toBe(postgres.dataDirectory);
      expect(await exists(`${dataDirectory}.log`)).toBe(true);
    }
    await using postgres = await started({ dataDirectory });
    expect(await query(postgres.url, 'select n from kept')).toEqual([1]);
    expect(await query(postgres.url, 'show fsync')).toEqual(['on']);
    await rm(dirname(postgres.dataDirectory), { recursive: true, maxRetries: 10 });
  });

  describe('that something happened to', () => {
    let dataDirectory = '';
    beforeAll(async () => {
      const { dataDirectory: made, ...postgres } = await started({
        dataDirectory: join(await privateDirectory(), 'postgres'),
      });
      dataDirectory = made;
      await query(postgres.url, 'create table kept (n int)', 'insert into kept values (1)');
      await postgres[Symbol.asyncDispose]();
    });
    afterAll(async () => rm(dirname(dataDirectory), { recursive: true, force: true }));

    test('starts although its lock names a dead process', async () => {
      await writeFile(
        join(dataDirectory, 'postmaster.pid'),
        `4194305\n${dataDirectory}\n1\n5432\n\n127.0.0.1\n0\nready\n`,
      );
      await using postgres = await started({ dataDirectory });
      expect(await query(postgres.url, 'select n from kept')).toEqual([1]);
    });

    test('starts although its lock names a process number that another program has by now', async () => {
      await writeFile(
        join(dataDirectory, 'postmaster.pid'),
        `${process.pid}\n${dataDirectory}\n1\n5432\n\n127.0.0.1\n0\nready\n`,
      );
      await using postgres = await started({ dataDirectory });
      expect(await query(postgres.url, 'select n from kept')).toEqual([1]);
    });

    test('is refused to a second stack while the first one runs, naming its process', async () => {
      await using postgres = await started({ dataDirectory });
      const second = await startPostgres({ dataDirectory });
      expect(second).toMatchObject({ ok: false, error: { code: 'in_use', ownerPid: process.pid } });
      expect(postgres.running).toBe(true);
    });

    test('is taken over from a server whose stack is gone', async () => {
      await using orphan = await started({ dataDirectory });
      await writeFile(join(dataDirectory, 'marvel-owner.pid'), '4194305\n'); // as if its parent were another process by now
      await using postgres = await started({ dataDirectory });
      expect(orphan.running).toBe(false);
      expect(await query(postgres.url, 'select n from kept')).toEqual([1]);
    });

    test('is refused, not upgraded or removed, when another release made it', async () => {
      await writeFile(join(dataDirectory, 'PG_VERSION'), '17\n');
      expect(await startPostgres({ dataDirectory })).toMatchObject({
        ok: false,
        error: { code: 'other_version', found: '17', wanted: '18' },
      });
      await writeFile(join(dataDirectory, 'PG_VERSION'), '18\n');
      await using postgres = await started({ dataDirectory });
      expect(await query(postgres.url, 'select n from kept')).toEqual([1]);
    });

    test('is made again when its making was interrupted', async () => {
      await rm(join(dataDirectory, 'marvel-complete'));
      await rm(join(dataDirectory, 'global'), { recursive: true });
      await using postgres = await started({ dataDirectory, copyOf: undefined });
      expect(await query(postgres.url, `select to_regclass('kept') is null`)).toEqual([true]);
    });
  });

  test('is not made in a directory that holds something else, which stays as it was', async () => {
    const dataDirectory = join(home, 'documents');
    await mkdir(dataDirectory);
    await writeFile(join(dataDirectory, 'thesis.txt'), 'years of work');
    const result = await startPostgres({ dataDirectory });
    expect(result.ok ? '' : result.error.code).toMatch(/^(foreign_directory|unreachable)$/);
    expect(await readdir(dataDirectory)).toEqual(['thesis.txt']);
  });
});

test('a server that cannot have its port says so with its log', async () => {
  await using listener = await openListener(createServer(), { port: 0 });
  const result = await startPostgres({ port: listener.port, copyOf: preparedRun()?.emptyCluster });
  expect(result).toMatchObject({ ok: false, error: { code: 'did_not_start' } });
  expect(result.ok ? '' : describePostgresFailure(result.error)).toContain(`${listener.port}`);
});
