import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { err, ok, type Result } from '@marvel/shared/result';

const macBytes = 32;
const headBytes = 4 + macBytes;

/** The most one block may hold; a longer one in a file is a sign of damage. */
const maxBlockBytes = 16 * 1024 * 1024;

/** Why a sealed file gives nothing; `unreadable` is a fault of the disk, with the code of the system call. */
export type SealedFileFailure = 'absent' | 'damaged' | 'unreadable';

/** The key under which this gateway seals what it keeps; another gateway, or anyone who can only write files, has another. */
export function sealingKey(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'marvel gateway state', macBytes));
}

/**
 * Writes blocks to a new file that takes the place of the old one whole or not at all, on disk before it does. Each block
 * is sealed together with all before it, and an empty block ends the file, so nothing can be changed, dropped or added.
 * Errors: the code of the system call (`ENOSPC`); the old file stays.
 */
export async function writeSealed(
  path: string,
  key: Buffer,
  blocks: Iterable<string>,
): Promise<Result<{ readonly bytes: number }, string>> {
  const draft = `${path}.draft`;
  let file: FileHandle | undefined;
  try {
    file = await open(draft, 'w', 0o600);
    let mac: Buffer = Buffer.alloc(macBytes);
    let bytes = 0;
    for (const block of withEnd(blocks)) {
      const payload = Buffer.from(block);
      mac = chain(key, mac, payload);
      const head = Buffer.alloc(4);
      head.writeUInt32LE(payload.length);
      const sealed = Buffer.concat([head, mac, payload]);
      await writeWhole(file, sealed);
      bytes += sealed.length;
    }
    await file.sync();
    await file.close();
    file = undefined;
    await rename(draft, path);
    await syncDirectory(dirname(path));
    return ok({ bytes });
  } catch (error) {
    await file?.close().catch(() => undefined);
    await rm(draft, { force: true }).catch(() => undefined);
    return err(systemCode(error));
  }
}

/** Reads blocks back, each given to `each` once it is proven; `false` from it, too, means damaged. What was given before that must be thrown away. */
export async function readSealed(
  path: string,
  key: Buffer,
  each: (block: Buffer) => boolean,
): Promise<Result<undefined, SealedFileFailure>> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    let mac: Buffer = Buffer.alloc(macBytes);
    for (;;) {
      const head = await readWhole(file, headBytes);
      const length = head?.readUInt32LE() ?? Number.POSITIVE_INFINITY;
      const payload = length > maxBlockBytes ? undefined : await readWhole(file, length);
      if (head === undefined || payload === undefined) return err('damaged');
      mac = chain(key, mac, payload);
      if (!timingSafeEqual(mac, head.subarray(4))) return err('damaged');
      if (length === 0) return ok(undefined);
      if (!each(payload)) return err('damaged');
    }
  } catch (error) {
    return err(systemCode(error) === 'ENOENT' ? 'absent' : 'unreadable');
  } finally {
    await file?.close().catch(() => undefined);
  }
}

function* withEnd(blocks: Iterable<string>): Generator<string> {
  yield* blocks;
  yield '';
}

function chain(key: Buffer, before: Buffer, payload: Buffer): Buffer {
  return createHmac('sha256', key).update(before).update(payload).digest();
}

async function writeWhole(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += (await file.write(bytes, written)).bytesWritten;
  }
}

async function readWhole(file: FileHandle, length: number): Promise<Buffer | undefined> {
  const bytes = Buffer.alloc(length);
  for (let filled = 0; filled < length;) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, null);
    if (bytesRead === 0) return undefined;
    filled += bytesRead;
  }
  return bytes;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** The code of a system error. Errors: throws what is none, since that is a bug. */
function systemCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  throw error;
}
