import type { KnipConfig } from 'knip';

const config: KnipConfig = {
  ignoreExportsUsedInFile: true,
  workspaces: {
    '.': {
      entry: ['scripts/*.ts'],
      project: ['scripts/**/*.ts', '*.{ts,mjs}'],
      // Its files are copied into the site.
      ignoreDependencies: ['swagger-ui-dist'],
    },
    // Every file of these can be imported by its name, so it is the exports that someone has to use.
    shared: { project: ['{src,test-support}/**/*.ts'], includeEntryExports: true },
    'dev-stack': { entry: ['src/start.ts'], project: ['src/**/*.ts'], includeEntryExports: true },
    // Its headers are given to the C compiler.
    gateway: {
      entry: ['src/main.ts', 'native/compile.ts'],
      ignoreDependencies: ['node-api-headers'],
      project: ['{src,native,test-support}/**/*.ts'],
    },
    'edge-api': { entry: ['src/worker.ts'], project: ['{src,test-support}/**/*.ts'] },
    drizzle: { project: ['{src,test-support}/**/*.ts'] },
    // The font is named in a style sheet only.
    dashboard: {
      entry: ['test-support/take-screenshots.ts'],
      project: ['{src,test-support}/**/*.{ts,tsx}'],
      ignoreDependencies: ['@fontsource-variable/inter'],
    },
    'exit-agent': { entry: ['src/main.ts'], project: ['{src,test-support}/**/*.ts'] },
    sdk: { entry: ['publish/build.ts'], project: ['{src,publish,test-support}/**/*.ts'] },
    cli: { entry: ['publish/build.ts'], project: ['{src,publish,test-support}/**/*.ts'] },
    conformance: { project: ['{src,test-support}/**/*.ts'] },
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
