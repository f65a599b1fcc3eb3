import { startListening } from '../native-process.ts';
import { basic, exitLogin } from '../site.ts';
import type { Subject } from './subject.ts';

/** No proxy at all: what load generator, origin and exit can do, and so the ceiling of every wall-clock figure. */
export const direct: Subject = {
  name: 'direct',
  note: 'no proxy: load generator and origin alone, on their one core (in two hops, with the exit)',
  missing: () => undefined,
  version: () => undefined,
  runs: ({ cost }) => cost.kind === 'cpu',
  start: async (site, topology) => ({
    door:
      topology === 'two-hop'
        ? { port: site.exit.port, speak: 'connect', login: exitLogin }
        : { port: site.origin.port, speak: 'raw' },
    log: async () => '',
    [Symbol.asyncDispose]: async () => undefined,
  }),
};

/** Our relay on splice(2): the least that moving bytes through a process costs here. */
export const splice: Subject = {
  name: 'splice',
  note: 'reference of ours: C, epoll and splice(2) to a fixed destination, no credentials asked; the limit',
  missing: () => undefined,
  version: () => undefined,
  runs: () => true,
  async start(site, topology) {
    const native = await startListening(site.cores.proxy, site.programs.relay, {
      to: `127.0.0.1:${site.origin.port}`,
      ...(topology === 'two-hop' && { via: `127.0.0.1:${site.exit.port}`, auth: basic(exitLogin) }),
    });
    return {
      pid: native.pid,
      door: { port: native.port, speak: 'raw' },
      log: async () => '',
      [Symbol.asyncDispose]: async () => native[Symbol.asyncDispose](),
    };
  },
};
