import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const within = { timeout: 20_000 };

/** Has its folder removed, says so, and stays until it is told to end. */
const program = `
import { removeWhenGone } from ${JSON.stringify(import.meta.resolve('./remove-when-gone.ts'))};
await removeWhenGone(process.argv[1]);
console.log('guarded');
process.stdin.once('data', () => process.stdin.destroy());
`;

test.each(['SIGINT', 'SIGTERM', 'SIGKILL', undefined] as const)(
  'a folder is gone once its process is, ended by %s',
  async (signal) => {
    const folder = await mkdtemp(join(tmpdir(), 'marvel-gone-'));
    await writeFile(join(folder, 'file'), 'text');
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program, folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    expect(existsSync(join(folder, 'file'))).toBe(true);
    const ended = once(child, 'exit');
    if (signal === undefined) child.stdin.write('end\n');
    else child.kill(signal);
    expect(await ended).toEqual(signal === undefined ? [0, null] : [null, signal]);
    await expect.poll(() => existsSync(folder), within).toBe(false);
  },
);
