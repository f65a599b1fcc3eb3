// Checks the import rules of .dependency-cruiser.mjs over every room.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname } from 'node:path';

const rooms = globSync('*/package.json').map((manifest) => dirname(manifest));

const { status } = spawnSync(
  'node_modules/.bin/depcruise',
  ['--config', '.dependency-cruiser.mjs', '--output-type', 'err-long', ...rooms, 'scripts'],
  { stdio: 'inherit' },
);
process.exitCode = status ?? 1;
