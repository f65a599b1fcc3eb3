import { existsSync, globSync } from 'node:fs';
import type { KnipConfig } from 'knip';

const rooms = [
  'shared',
  'gateway',
  'edge-api',
  'drizzle',
  'dashboard',
  'sdk',
  'cli',
  'dev-stack',
  'exit-agent',
  'conformance',
  'bench',
];

/** A room with no sources yet uses none of its dependencies, and nothing of shared. */
const emptyRooms = rooms.filter((room) => existsSync(room) && globSync(`${room}/src/**/*.{ts,tsx}`).length === 0);

// Every file of shared and dev-stack can be imported by its name, so there it is the exports that someone has to use.
// That can be asked only once the rooms that use them are there.
const includeEntryExports = !['gateway', 'edge-api', 'exit-agent', 'conformance'].some((room) =>
  emptyRooms.includes(room),
);

const config: KnipConfig = {
  ignoreWorkspaces: emptyRooms,
  ignoreExportsUsedInFile: true,
  workspaces: {
    '.': {
      entry: ['scripts/*.ts'],
      project: ['scripts/**/*.ts', '*.{ts,mjs}'],
      // Its files are copied into the site.
      ignoreDependencies: ['swagger-ui-dist'],
    },
    shared: { project: ['src/**/*.ts'], includeEntryExports },
    'dev-stack': { entry: ['src/start.ts'], project: ['src/**/*.ts'], includeEntryExports },
    gateway: { entry: ['src/main.ts'], project: ['src/**/*.ts'] },
    'edge-api': { entry: ['src/worker.ts'], project: ['{src,test-support}/**/*.ts'] },
    drizzle: { project: ['src/**/*.ts'] },
    // The font is named in a style sheet only.
    dashboard: {
      entry: ['test-support/take-screenshots.ts'],
      project: ['{src,test-support}/**/*.{ts,tsx}'],
      ignoreDependencies: ['@fontsource-variable/inter'],
    },
    'exit-agent': { entry: ['src/main.ts'], project: ['src/**/*.ts'] },
    sdk: { entry: ['publish/build.ts'], project: ['{src,publish,test-support}/**/*.ts'] },
    cli: { entry: ['publish/build.ts'], project: ['{src,publish,test-support}/**/*.ts'] },
    conformance: { project: ['src/**/*.ts'] },
    // The benchmark starts these as processes, and pins each with taskset of util-linux.
    bench: {
      entry: [
        'src/{refusal,sign-in}-timing.ts',
        'src/subjects/{node-pipe-proxy,proxy-chain-server}.ts',
        'src/system/state/state-process.ts',
      ],
      project: ['src/**/*.ts'],
      ignoreBinaries: ['taskset'],
    },
  },
};

export default config;
