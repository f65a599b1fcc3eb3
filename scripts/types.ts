// Type-checks every room by itself, each against the globals of the runtime it runs on.
import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';

const tsc = 'node_modules/.bin/tsc';

/** Rooms whose folder is still empty have nothing to check, and tsc would call that an error. */
function hasSources(project: string): boolean {
  const room = project.includes('/') ? project.slice(0, project.lastIndexOf('/')) : '.';
  return room === '.' || globSync(`${room}/src/**/*.{ts,tsx}`).length > 0;
}

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

const rooms = process.argv.slice(2);
const patterns =
  rooms.length === 0
    ? ['tsconfig.json', '*/tsconfig.json', '*/tsconfig.*.json']
    : rooms.flatMap((room) => [`${room}/tsconfig.json`, `${room}/tsconfig.*.json`]);
const projects = patterns
  .flatMap((pattern) => globSync(pattern))
  .filter((project) => existsSync(project) && hasSources(project))
  .toSorted();

let failed = false;
for (const project of projects) {
  const result = await check(project);
  if (result.code === 0) continue;
  failed = true;
  console.log(`${project}\n${result.output}`);
}
console.log(failed ? 'types: errors' : `types: ${projects.length} projects clean`);
process.exitCode = failed ? 1 : 0;
