import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { basic, clientLogin, exitLogin } from '../site.ts';
import { startPinned } from './pinned-proxy.ts';
import type { Subject } from './subject.ts';

const here = import.meta.dirname;

/** Node's `pipe` both ways in 20 lines. */
export const nodePipe: Subject = {
  name: 'node-pipe',
  note: "reference of ours: 20 lines of Node's http and pipe",
  missing: () => undefined,
  version: () => `Node ${process.version}`,
  runs: () => true,
  isCompiledLate: true,
  async start(site, topology) {
    const port = await site.reservePort();
    return startPinned(
      site,
      [process.execPath, join(here, 'node-pipe-proxy.ts')],
      { port, speak: 'connect', login: clientLogin },
      {
        BENCH_PORT: `${port}`,
        BENCH_AUTH: basic(clientLogin),
        ...(topology === 'two-hop' && { BENCH_EXIT_PORT: `${site.exit.port}`, BENCH_EXIT_AUTH: basic(exitLogin) }),
      },
    );
  },
};

/** Apify's proxy-chain, as its documentation shows it. */
export const proxyChain: Subject = {
  name: 'proxy-chain',
  note: 'Node library (npm), HTTP proxy',
  missing: () => undefined,
  version: () => {
    const manifest = join(here, '../../node_modules/proxy-chain/package.json');
    return v.parse(v.object({ version: v.string() }), JSON.parse(readFileSync(manifest, 'utf8'))).version;
  },
  runs: () => true,
  isCompiledLate: true,
  async start(site, topology) {
    const port = await site.reservePort();
    return startPinned(
      site,
      [process.execPath, join(here, 'proxy-chain-server.ts')],
      { port, speak: 'connect', login: clientLogin },
      {
        BENCH_PORT: `${port}`,
        BENCH_USERNAME: clientLogin.username,
        BENCH_PASSWORD: clientLogin.password,
        ...(topology === 'two-hop' && {
          BENCH_UPSTREAM: `http://${exitLogin.username}:${exitLogin.password}@127.0.0.1:${site.exit.port}`,
        }),
      },
    );
  },
};
