import { exitLogin } from '../site.ts';
import { packagedProxy } from './packaged-proxy.ts';

/** Pipes that it may splice through: one for each direction of 200 tunnels. */
const spliced = 400;

/** HAProxy as a relay of TCP with splicing: it knows one destination, and nothing of tunnels or credentials. */
export const haproxy = packagedProxy({
  name: 'haproxy',
  program: 'haproxy',
  aptPackage: 'haproxy',
  versionOption: '-v',
  note: 'TCP relay to a fixed destination, splicing; in two hops the client itself asks the exit',
  runs: ({ mode }) => mode !== 'slow',
  door: (port, topology) =>
    topology === 'two-hop' ? { port, speak: 'connect', login: exitLogin } : { port, speak: 'raw' },
  files: ({ port, originPort, exitPort, topology, fileLimit }) => ({
    'haproxy.cfg': `global
  nbthread 1
  maxpipes ${spliced}
  tune.pipesize 1048576
  maxconn ${Math.floor(fileLimit / 2) - 2 * spliced - 200}
defaults
  mode tcp
  option splice-request
  option splice-response
  timeout connect 10s
  timeout client 10m
  timeout server 10m
listen relay
  bind 127.0.0.1:${port} backlog 4096
  server destination 127.0.0.1:${topology === 'two-hop' ? exitPort : originPort}
`,
  }),
  args: ({ file }) => ['-db', '-f', file('haproxy.cfg')],
});
