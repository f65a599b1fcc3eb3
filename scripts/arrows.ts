// Checks the import rules of .dependency-cruiser.mjs over every room that exists.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const ROOMS = 'shared gateway edge-api drizzle dashboard sdk cli dev-stack exit-agent conformance bench scripts'.split(
  ' ',
);

const { status } = spawnSync(
  'node_modules/.bin/depcruise',
  ['--config', '.dependency-cruiser.mjs', '--output-type', 'err-long', ...ROOMS.filter((room) => existsSync(room))],
  { stdio: 'inherit' },
);
process.exitCode = status ?? 1;
