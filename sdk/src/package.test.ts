import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startScriptedApi, type ScriptedApi } from '../test-support/scripted-api.ts';

const run = promisify(execFile);
const room = fileURLToPath(new URL('../', import.meta.url));
const dist = join(room, 'dist');
/** What people have: the Node of the machine, not that of this repository. */
const searchPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((entry) => !entry.includes('node_modules'))
  .join(delimiter);
const env = { ...process.env, searchPath, NODE_OPTIONS: '' };

let folder: string;
let api: ScriptedApi;
beforeAll(async () => {
  api = await startScriptedApi();
  folder = await mkdtemp(join(tmpdir(), 'marvel-sdk-'));
  await run(process.execPath, ['publish/build.ts'], { cwd: room });
  await run('npm', ['pack', dist, '--pack-destination', folder], { cwd: folder, env });
  await writeFile(join(folder, 'package.json'), '{"name": "consumer", "private": true, "type": "module"}');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', './marvel-sdk-0.1.0.tgz'], { cwd: folder, env });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test('publint finds nothing', async () => {
  const { messages } = await publint({ pkgDir: dist, pack: false });
  expect(messages).toEqual([]);
});

test('installed from its tarball it works in the Node of the machine, with no other package', async () => {
  await writeFile(
    join(folder, 'consumer.js'),
    `import { Marvel, MarvelAPIError, proxyUrl } from '@marvel/sdk';
import { proxyAgents } from '@marvel/sdk/proxy';
import { verifyReceipts } from '@marvel/sdk/verify';
const marvel = new Marvel({ baseUrl: process.argv[2], token: 'sess_x' });
const proxy = proxyUrl({ gateway: '127.0.0.1:9', key: 'mk_live_x', target: { country: 'us' } });
const { https } = proxyAgents({ proxy });
const { label } = await marvel.keys.create({ label: 'from a tarball' });
const { problems } = await verifyReceipts({ account: 'acc_1', ledger: [], receipts: [], keys: [] });
const error = await marvel.me.get().catch((error) => error);
console.log(JSON.stringify({ label, problems, proxy, agent: https.constructor.name, code: error instanceof MarvelAPIError && error.code }));`,
  );
  api.script(
    { status: 201, body: { label: 'answered' } },
    { status: 401, body: { error: 'no' }, headers: { 'X-Marvel-Error': 'unauthenticated' } },
  );
  const { stdout } = await run('node', ['consumer.js', api.url], { cwd: folder, env });
  expect(JSON.parse(stdout)).toEqual({
    label: 'answered',
    problems: [],
    proxy: 'http://mk_live_x:country-US@127.0.0.1:9',
    agent: 'MarvelHttpsAgent',
    code: 'unauthenticated',
  });
});

test('its types stand alone, and refuse what the API would refuse', async () => {
  await writeFile(
    join(folder, 'consumer.ts'),
    `import { Marvel, type Key, type MarvelErrorCode } from '@marvel/sdk';
const marvel = new Marvel({ baseUrl: 'http://api.example' });
export const keys: Key[] = await marvel.keys.list();
for await (const { amount_cents: cents } of marvel.invoices.list({ limit: 5 })) cents.toFixed();
export const code: MarvelErrorCode = 'no_capacity';
// @ts-expect-error -- a label is text
await marvel.keys.create({ label: 5 });
// @ts-expect-error -- there is no such group
await marvel.usage.get({ group_by: 'planet' });`,
  );
  const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--lib',
    'es2022,dom',
    '--types',
    '',
  ];
  const checked = run(process.execPath, [tsc, ...options, 'consumer.ts'], { cwd: folder });
  await expect(checked).resolves.toMatchObject({ stdout: '' });
});

test('the client part asks for nothing of Node', async () => {
  const { stdout } = await run(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { registerHooks } from 'node:module';
registerHooks({ resolve(specifier, context, next) {
  if (specifier.startsWith('node:')) throw new Error('asks for ' + specifier);
  return next(specifier, context);
} });
console.log(Object.keys(await import(${JSON.stringify(join(dist, 'index.js'))})).join());`,
  ]);
  expect(stdout).toContain('Marvel,');
});
