// Makes dist/: the package as it is published, which stands alone although @marvel/shared is private.
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'tsdown';
import * as v from 'valibot';
import { writeDeclarations } from './declarations.ts';

const room = fileURLToPath(new URL('../', import.meta.url));
const dist = `${room}dist`;
const entries = ['index', 'proxy', 'undici', 'verify'] as const;
const Manifest = v.looseObject({ exports: v.record(v.string(), v.string()) });

/** What is published as `exports`: types first, since the first condition that fits is taken. */
function publishedExports(): Record<string, unknown> {
  const paths = entries.map((name): [string, unknown] => {
    const subpath = name === 'index' ? '.' : `./${name}`;
    return [subpath, { types: `./types/${name}.d.ts`, default: `./${name}.js` }];
  });
  return { ...Object.fromEntries(paths), './package.json': './package.json' };
}

await rm(dist, { recursive: true, force: true });
await build({
  cwd: room,
  config: false,
  tsconfig: 'tsconfig.json',
  entry: entries.map((name) => `src/${name}.ts`),
  outDir: dist,
  format: 'esm',
  platform: 'neutral',
  target: 'node20',
  dts: false,
  fixedExtension: false,
  logLevel: 'warn',
  deps: { alwaysBundle: [/^@marvel\/shared\//, 'valibot', 'jose', /^@noble\//], neverBundle: ['undici', /^node:/] },
});
const sources = entries.map((name) => `src/${name}.ts`);
await writeDeclarations(room, sources, `${dist}/types`);

const {
  private: _private,
  devDependencies: _devDependencies,
  ...manifest
} = v.parse(Manifest, JSON.parse(await readFile(`${room}package.json`, 'utf8')));
const published = { ...manifest, engines: { node: '>=20.3' }, exports: publishedExports() };
await writeFile(`${dist}/package.json`, `${JSON.stringify(published, undefined, 2)}\n`);
await copyFile(`${room}README.md`, `${dist}/README.md`);
await copyFile(`${room}../LICENSE`, `${dist}/LICENSE`);
