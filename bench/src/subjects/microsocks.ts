import { clientLogin } from '../site.ts';
import { packagedProxy } from './packaged-proxy.ts';

/** Microsocks: one thread for each connection. */
export const microsocks = packagedProxy({
  name: 'microsocks',
  program: 'microsocks',
  aptPackage: 'microsocks',
  note: 'SOCKS5, a thread per connection',
  runs: ({ isForAll, mode }) => isForAll && mode !== 'http',
  door: (port) => ({ port, speak: 'socks5', login: clientLogin }),
  files: () => ({}),
  args: ({ port }) => ['-i', '127.0.0.1', '-p', `${port}`, '-u', clientLogin.username, '-P', clientLogin.password],
});
