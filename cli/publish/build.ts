// Makes dist/, or the folder that is given: the command as it is published, one file that needs no other package.
import { chmod, copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsdown';
import * as v from 'valibot';

const room = fileURLToPath(new URL('../', import.meta.url));
const dist = resolve(process.argv[2] ?? `${room}dist`);

await rm(dist, { recursive: true, force: true });
await build({
  cwd: room,
  config: false,
  tsconfig: 'tsconfig.json',
  entry: ['src/main.ts'],
  outDir: dist,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  dts: false,
  fixedExtension: false,
  logLevel: 'warn',
  deps: { alwaysBundle: [/^@marvel\//, 'commander', 'valibot', 'jose', /^@noble\//] },
});
await chmod(`${dist}/main.js`, 0o755);

const {
  private: _private,
  dependencies: _dependencies,
  devDependencies: _devDependencies,
  ...manifest
} = v.parse(v.looseObject({}), JSON.parse(await readFile(`${room}package.json`, 'utf8')));
const published = { ...manifest, bin: { marvel: './main.js' }, engines: { node: '>=20.3' } };
await writeFile(`${dist}/package.json`, `${JSON.stringify(published, undefined, 2)}\n`);
await copyFile(`${room}README.md`, `${dist}/README.md`);
await copyFile(`${room}../LICENSE`, `${dist}/LICENSE`);
