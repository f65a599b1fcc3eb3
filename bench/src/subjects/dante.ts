import { packagedProxy } from './packaged-proxy.ts';

/** Dante's SOCKS server: a tree of processes, each with a share of the clients. */
export const dante = packagedProxy({
  name: 'dante',
  program: 'danted',
  aptPackage: 'dante-server',
  versionOption: '-v',
  note: 'SOCKS5, a tree of processes; no credentials, since its own are those of the system',
  runs: ({ isForAll, mode }) => isForAll && mode !== 'http',
  door: (port) => ({ port, speak: 'socks5' }),
  files: ({ port, file }) => ({
    'danted.conf': `logoutput: ${file('danted.log')}
internal: 127.0.0.1 port = ${port}
external: 127.0.0.1
clientmethod: none
socksmethod: none
client pass { from: 127.0.0.0/8 to: 127.0.0.0/8 }
socks pass { from: 127.0.0.0/8 to: 127.0.0.0/8 command: connect }
`,
  }),
  args: ({ file }) => ['-f', file('danted.conf'), '-p', file('danted.pid')],
});
