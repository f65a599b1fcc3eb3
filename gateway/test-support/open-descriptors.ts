import { readdir, readlink } from 'node:fs/promises';

const folder = '/proc/self/fd';

/**
 * The sockets and pipes that this process has open, each by a name that no other ever has. How many there are says little
 * in a worker that other files use too: what they leave behind may be closed at any time.
 */
export async function openDescriptors(): Promise<ReadonlySet<string>> {
  const links = await Promise.all((await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return new Set(links.filter((link) => link.startsWith('socket:') || link.startsWith('pipe:')));
}

/** Those that have been opened since, and are still open. */
export async function openedSince(before: ReadonlySet<string>): Promise<string[]> {
  return [...(await openDescriptors())].filter((link) => !before.has(link));
}
