import { clientLogin, exitLogin } from '../site.ts';
import { packagedProxy } from './packaged-proxy.ts';

/** Tinyproxy: one thread for each connection. */
export const tinyproxy = packagedProxy({
  name: 'tinyproxy',
  program: 'tinyproxy',
  aptPackage: 'tinyproxy',
  versionOption: '-v',
  note: 'HTTP proxy, a thread per connection; closes after each request',
  runs: ({ isForAll }) => isForAll,
  door: (port) => ({ port, speak: 'connect', login: clientLogin }),
  files: ({ port, exitPort, topology, file }) => ({
    'tinyproxy.conf': `Listen 127.0.0.1
Port ${port}
Timeout 600
MaxClients 10000
LogLevel Critical
LogFile "${file('tinyproxy.log')}"
PidFile "${file('tinyproxy.pid')}"
Allow 127.0.0.0/8
BasicAuth ${clientLogin.username} ${clientLogin.password}
${topology === 'two-hop' ? `Upstream http ${exitLogin.username}:${exitLogin.password}@127.0.0.1:${exitPort}\n` : ''}`,
  }),
  args: ({ file }) => ['-d', '-c', file('tinyproxy.conf')],
});
