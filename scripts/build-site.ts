// Builds what the Worker serves as files: build/site, put together from its parts. wrangler runs this before `dev` and
// `deploy`, and the tests before they start. A part is built anew only when something it is made of has changed.
//
// Several of these may run at once, as the workers of a test run do: whatever one writes appears whole, under a name that
// says what it was made of, so the others find it or make the same.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

interface Part {
  readonly name: string;
  /** What it is made of, beside the packages of the lock file: patterns of files. */
  readonly inputs: readonly string[];
  /** Where its files go within the site. */
  readonly under: string;
  /** Program and arguments that build it; the folder to build into comes last. */
  readonly command: readonly [string, ...string[]];
}

const parts: readonly Part[] = [
  {
    name: 'dashboard',
    inputs: [
      'dashboard/{index.html,vite.config.ts,package.json}',
      'dashboard/{src,public}/**',
      '{shared,sdk}/src/**/*.ts',
    ],
    under: '.',
    command: ['dashboard/node_modules/.bin/vite', 'build', 'dashboard', '--logLevel=warn', '--emptyOutDir', '--outDir'],
  },
  {
    name: 'documentation',
    inputs: ['docs/**', 'scripts/build-docs.ts', 'scripts/docs/**'],
    under: 'docs',
    command: ['node_modules/.bin/node', 'scripts/build-docs.ts'],
  },
  {
    name: 'reference of the API',
    inputs: ['scripts/build-reference.ts', 'scripts/reference/**'],
    under: 'v1/docs',
    command: ['node_modules/.bin/node', 'scripts/build-reference.ts'],
  },
  {
    name: 'guide for language models',
    inputs: ['docs/**', 'shared/src/failures.ts', 'scripts/build-llms.ts', 'scripts/docs/**'],
    under: '.',
    command: ['node_modules/.bin/node', 'scripts/build-llms.ts'],
  },
];

process.chdir(resolve(import.meta.dirname, '..'));
const partsFolder = 'build/parts';
const scratch = 'build/scratch';
const site = 'build/site';
const siteStamp = 'build/site.stamp';

function filesOf(patterns: readonly string[], cwd = '.'): readonly string[] {
  return globSync([...patterns], { cwd })
    .filter((file) => statSync(join(cwd, file)).isFile())
    .toSorted();
}

/** Names all that a part is made of. */
function digestOf(part: Part): string {
  const hash = createHash('sha256').update(JSON.stringify([process.version, part]));
  const files = filesOf(part.inputs).filter((file) => !file.includes('.test.'));
  for (const file of ['pnpm-lock.yaml', ...files]) hash.update(`\0${file}\0`).update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

/** The folder of the built part. Errors: ends this process when the build fails. */
function buildPart(part: Part): string {
  const folder = join(partsFolder, `${part.name}-${digestOf(part)}`);
  if (existsSync(folder)) return folder;
  const unfinished = mkdtempSync(join(scratch, part.name));
  const [program, ...args] = part.command;
  const { status, error } = spawnSync(program, [...args, resolve(unfinished)], { stdio: 'inherit' });
  if (status !== 0) {
    console.error(`the ${part.name} was not built${error === undefined ? '' : `: ${error.message}`}`);
    process.exit(1);
  }
  // Whoever was faster made the same.
  if (!existsSync(folder)) renameSync(unfinished, folder);
  for (const other of readdirSync(partsFolder)) {
    const old = join(partsFolder, other);
    if (other.startsWith(`${part.name}-`) && old !== folder) rmSync(old, { recursive: true, force: true });
  }
  console.log(`built the ${part.name}`);
  return folder;
}

/** Puts new files in before it takes old ones out, so that a running server misses none. */
function assemble(folders: readonly (readonly [Part, string])[]): void {
  const wanted = new Set<string>();
  const staging = mkdtempSync(join(scratch, 'site'));
  for (const [{ under }, folder] of folders) {
    for (const entry of filesOf(['**'], folder)) {
      const file = join(under, entry);
      wanted.add(file);
      cpSync(join(folder, entry), join(staging, file));
      mkdirSync(dirname(join(site, file)), { recursive: true });
      renameSync(join(staging, file), join(site, file));
    }
  }
  for (const file of filesOf(['**'], site)) if (!wanted.has(file)) rmSync(join(site, file), { force: true });
}

for (const folder of [partsFolder, scratch, site]) mkdirSync(folder, { recursive: true });
const folders = parts.map((part) => [part, buildPart(part)] as const);
const stamp = folders.map(([, folder]) => folder).join('\n');
if (!existsSync(siteStamp) || readFileSync(siteStamp, 'utf8') !== stamp) {
  assemble(folders);
  writeFileSync(siteStamp, stamp);
}
