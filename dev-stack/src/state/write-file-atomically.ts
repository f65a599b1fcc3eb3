import { open, rename } from 'node:fs/promises';

/** Writes a file that only this user may read, whole or not at all: an interrupted write leaves what was there before. */
export async function writeFileAtomically(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`;
  {
    await using file = await open(fresh, 'w', 0o600);
    await file.writeFile(text);
    await file.sync();
  }
  await rename(fresh, path);
}
