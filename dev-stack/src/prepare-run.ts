import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { migrateDatabase } from './parts/database.ts';
import { copyCluster } from './postgres/data-directory.ts';
import { describePostgresFailure, startPostgres } from './postgres.ts';
import { preparedIn, type PreparedRun } from './prepared-run.ts';
import { describeStackFailure } from './stack-failure.ts';

const run = promisify(execFile);
const repository = fileURLToPath(import.meta.resolve('../../'));

/** A cluster as every start makes it from nothing, and one that was migrated as every start does it. */
async function prepareClusters({ emptyCluster, migratedCluster }: PreparedRun): Promise<void> {
  const started = await startPostgres();
  if (!started.ok) throw new Error(describePostgresFailure(started.error));
  await using postgres = started.value;
  await postgres.stop();
  await copyCluster(postgres.dataDirectory, emptyCluster);
  const again = await postgres.start();
  if (!again.ok) throw new Error(describePostgresFailure(again.error));
  const migrated = await migrateDatabase(postgres.url, new AbortController().signal);
  if (!migrated.ok) throw new Error(describeStackFailure(migrated.error));
  await postgres.stop();
  await copyCluster(postgres.dataDirectory, migratedCluster);
}

/** The Worker as it is deployed, and the site that it serves. */
async function prepareWorker({ workerFolder }: PreparedRun): Promise<void> {
  const program = join(repository, 'node_modules/.bin/wrangler');
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_WRITE_LOGS: 'false' };
  await run(program, ['deploy', '--dry-run', `--outdir=${workerFolder}`], { cwd: repository, env });
}

// A program of its own: the folder to fill is its only argument.
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new TypeError('the folder to fill is missing');
const wanted = preparedIn(folder);
await Promise.all([prepareClusters(wanted), prepareWorker(wanted)]);
