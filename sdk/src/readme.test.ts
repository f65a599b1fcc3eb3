import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { afterAll, beforeAll, expect, test } from 'vitest';

const room = fileURLToPath(new URL('../', import.meta.url));
const readme = await readFile(join(room, 'README.md'), 'utf8');
const examples = Array.from(readme.matchAll(/```js\n([^]*?)```/g), ([, code = ''], index) => {
  return [`${index + 1}: ${/import .* from .*/.exec(code)?.[0] ?? ''}`, code] as const;
});

let stack: Stack;
let folder: string;
beforeAll(async () => {
  stack = await createStack({ ephemeral: true });
  // Within the package, where it can be imported by its own name.
  folder = await mkdtemp(join(room, '.readme-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await stack[Symbol.asyncDispose]();
});

test('the README has an example for each part', () => {
  expect(examples).toHaveLength(8);
});

test.each(examples)('example %s runs as it stands', async (_, code) => {
  const file = join(folder, 'example.mjs');
  await writeFile(file, code);
  const { api, account, gateway, echo } = stack.info;
  const env = {
    PATH: process.env['PATH'] ?? '',
    MARVEL_API: api,
    MARVEL_TOKEN: account.token,
    MARVEL_KEY: account.key,
    MARVEL_GATEWAY: gateway.marvel,
    DESTINATION: echo,
  };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { env });
  expect(stderr).toBe('');
  // What a comment behind a console.log begins with is what it prints.
  for (const [, said] of code.matchAll(/console\.log\(.*\); \/\/ (\w[\w-]+)(?: |$)/gm)) expect(stdout).toContain(said);
});
