import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Compressed, of the free plan; the paid one has 10 MB. Source: developers.cloudflare.com/workers/platform/limits. */
const maxBundleBytes = 3 * 1024 * 1024;

test('what `wrangler deploy` would upload fits the free plan', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'marvel-bundle-'));
  try {
    const wrangler = join(root, 'node_modules/.bin/wrangler');
    await promisify(execFile)(wrangler, ['deploy', '--dry-run', '--outdir', folder], { cwd: root });
    const uploaded = (await readdir(folder)).filter((name) => /\.(?:js|wasm)$/.test(name));
    expect(uploaded).toContain('worker.js');
    let bytes = 0;
    for (const name of uploaded) bytes += (await promisify(gzip)(await readFile(join(folder, name)))).length;
    expect(bytes).toBeLessThan(maxBundleBytes);
  } finally {
    await rm(folder, { recursive: true });
  }
});
