import { clientLogin, exitLogin } from '../site.ts';
import { packagedProxy } from './packaged-proxy.ts';

/** Squid, with nothing to cache and its credentials checked by a helper whose answer it keeps. */
export const squid = packagedProxy({
  name: 'squid',
  program: 'squid',
  aptPackage: 'squid',
  versionOption: '-v',
  note: 'HTTP proxy, no cache, no access log; one process',
  runs: () => true,
  door: (port) => ({ port, speak: 'connect', login: clientLogin }),
  files: ({ port, folder, exitPort, topology, fileLimit, file }) => ({
    'auth.sh': `#!/bin/sh
while read -r user password; do
  if [ "$user $password" = '${clientLogin.username} ${clientLogin.password}' ]; then echo OK; else echo ERR; fi
done
`,
    'squid.conf': `http_port 127.0.0.1:${port}
pid_filename ${file('squid.pid')}
coredump_dir ${folder}
cache_log ${file('cache.log')}
cache_store_log none
access_log none
cache deny all
pinger_enable off
max_filedescriptors ${fileLimit}
shutdown_lifetime 0 seconds
auth_param basic program ${file('auth.sh')}
auth_param basic children 1 startup=1
auth_param basic credentialsttl 2 hours
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
${
  topology === 'two-hop'
    ? `cache_peer 127.0.0.1 parent ${exitPort} 0 no-query no-digest default login=${exitLogin.username}:${exitLogin.password}
nonhierarchical_direct off
never_direct allow all
`
    : ''
}`,
  }),
  args: ({ file }) => ['-N', '-f', file('squid.conf')],
});
