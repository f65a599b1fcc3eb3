import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Where Debian and Ubuntu put daemons, which is not on everybody's `PATH`. */
const daemonFolders = ['/usr/sbin', '/usr/local/sbin'];
const versionLimitMs = 5000;

/** The full path of a program that is installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':').filter((folder) => folder !== ''), ...daemonFolders];
  return folders.map((folder) => join(folder, name)).find((path) => isExecutable(path));
}

/** The first line of what a program says of its version, or what it last said when it says nothing of it. */
export function programVersion(path: string, option: string): string {
  const { stdout, stderr } = spawnSync(path, [option], { encoding: 'utf8', timeout: versionLimitMs });
  return (stdout || stderr).split('\n')[0] ?? '';
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
