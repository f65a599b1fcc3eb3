// Type-checks every room by itself, each against the globals of the runtime it runs on.
import { spawn } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve as resolvePath } from 'node:path';
import * as v from 'valibot';

const tsc = 'node_modules/.bin/tsc';

function check(project: string): Promise<{ project: string; code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(tsc, ['--project', project, '--noEmit', '--pretty', 'false'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ project, code: code ?? 1, output }));
  });
}

/** A room that asks for nothing of its own. */
const Plain = v.strictObject({ extends: v.literal('../tsconfig.base.json'), include: v.array(v.string()) });

/** What a plain project includes; undefined for any other. */
function plainIncludes(project: string): readonly string[] | undefined {
  const lines = readFileSync(project, 'utf8').split('\n');
  const text = lines.filter((line) => !line.trimStart().startsWith('//')).join('\n');
  const read = v.safeParse(Plain, JSON.parse(text));
  return read.success ? read.output.include.map((path) => resolvePath(dirname(project), path)) : undefined;
}

/** The same projects, the plain ones as one: a single program reads once what all of them import. */
function joinPlain(each: readonly string[]): readonly string[] {
  const plain = each.filter((project) => plainIncludes(project) !== undefined);
  if (plain.length < 2) return each;
  const joined = resolvePath('build/tsconfig.plain.json');
  const include = plain.flatMap((project) => plainIncludes(project) ?? []);
  mkdirSync(dirname(joined), { recursive: true });
  writeFileSync(joined, JSON.stringify({ extends: '../tsconfig.base.json', include }));
  return [...each.filter((project) => !plain.includes(project)), joined];
}

const rooms = process.argv.slice(2);
const patterns =
  rooms.length === 0
    ? ['tsconfig.json', '*/tsconfig.json', '*/tsconfig.*.json']
    : rooms.flatMap((room) => [`${room}/tsconfig.json`, `${room}/tsconfig.*.json`]);
const projects = patterns.flatMap((pattern) => globSync(pattern)).toSorted();

let failed = false;
for (const project of joinPlain(projects)) {
  const result = await check(project);
  if (result.code === 0) continue;
  failed = true;
  console.log(`${project}\n${result.output}`);
}
console.log(failed ? 'types: errors' : `types: ${projects.length} projects clean`);
process.exitCode = failed ? 1 : 0;
