/**
 * What a whole run of the tests needs over and over, made once before its first test. Each test works on a copy of its
 * own, or only reads it.
 */
export interface PreparedRun {
  /** Data directory of a stopped cluster with the role and an empty database. */
  readonly emptyCluster: string;
  /** The same with every migration. */
  readonly migratedCluster: string;
  /** What `wrangler deploy` would upload of the Worker. */
  readonly workerFolder: string;
}

/** Names the folder in the environment of the run, which its workers inherit. */
const folderVariable = 'MARVEL_PREPARED_RUN';

export function preparedIn(folder: string): PreparedRun {
  return {
    emptyCluster: `${folder}/empty-cluster`,
    migratedCluster: `${folder}/migrated-cluster`,
    workerFolder: `${folder}/worker`,
  };
}

/** Lets every process that is started from now on know, and have what others of the run have compiled. */
export function announcePreparedRun(folder: string): void {
  process.env[folderVariable] = folder;
  process.env['NODE_COMPILE_CACHE'] ??= `${folder}/compiled`;
}

/** Undefined outside a run that was prepared: then everything is made from nothing. */
export function preparedRun(): PreparedRun | undefined {
  const folder = process.env[folderVariable];
  return folder === undefined ? undefined : preparedIn(folder);
}
