import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const room = fileURLToPath(new URL('../', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marvel-schema-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

test('the migrations make the tables that the control API knows', async () => {
  await cp(join(room, 'migrations'), folder, { recursive: true });
  const before = await readdir(folder);
  const { stdout } = await run(
    process.execPath,
    [
      join(room, 'node_modules/drizzle-kit/bin.cjs'),
      'generate',
      '--dialect=postgresql',
      '--schema=../edge-api/src/store/schema/*.ts',
      `--out=${relative(room, folder)}`,
    ],
    { cwd: room },
  );
  // The program ends well even when it could not read what there is, so what it says counts too.
  expect(stdout).toContain('No schema changes');
  expect(await readdir(folder)).toEqual(before);
});
