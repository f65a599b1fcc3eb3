import { expect, test } from 'vitest';
import { selectLaunchers } from './launchers.ts';

const script = { pid: 5, command: 'sh -c node dev-stack/src/start.ts' };
const pnpm = { pid: 4, command: 'pnpm start' };
const shell = { pid: 3, command: 'sh -c pnpm start' };
const npx = { pid: 2, command: 'npm exec pnpm@12 start' };

test.each([
  ['npx from a terminal', [script, pnpm, shell, npx, { pid: 1, command: '-bash' }], [script, pnpm, shell, npx]],
  ['npx from a program', [script, pnpm, shell, npx, { pid: 1, command: 'python3 run.py' }], [script, pnpm, shell, npx]],
  [
    'pnpm by Node from a file',
    [script, { pid: 4, command: '/usr/bin/node /opt/pnpm/bin/pnpm.cjs start' }, { pid: 1, command: 'zsh' }],
    [script, { pid: 4, command: '/usr/bin/node /opt/pnpm/bin/pnpm.cjs start' }],
  ],
  ['Node from a terminal', [{ pid: 1, command: 'bash' }], []],
  [
    'Node from a script',
    [
      { pid: 3, command: 'sh -c node start.ts' },
      { pid: 1, command: 'cron' },
    ],
    [],
  ],
  ['a program that has npm in its name only', [script, { pid: 4, command: 'npm-free-runner' }], [script].slice(1)],
])('%s: what is watched is what exists only to run this program', (_name, above, expected) => {
  expect(selectLaunchers(above)).toEqual(expected);
});
