import { err, ok, type Result } from '@marvel/shared/result';

/** Whom to be and where, on the one server that this front stands before. */
export interface Target {
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** Why a connection string or address is not served. */
export type TargetFailure = 'malformed' | 'elsewhere';

const localHosts = new Set(['127.0.0.1', 'localhost', '[::1]', '::1']);
const defaultPort = '5432';

/** Whether host and port name the local server: the front is no way into anything else. */
export function isLocalServer(host: string, port: string, postgresPort: number): boolean {
  return localHosts.has(host) && (port === '' ? defaultPort : port) === `${postgresPort}`;
}

/** Reads a connection string that names the local server. */
export function parseTarget(connectionString: string, postgresPort: number): Result<Target, TargetFailure> {
  const url = URL.parse(connectionString);
  if (url === null || (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:')) return err('malformed');
  if (!isLocalServer(url.hostname, url.port, postgresPort)) return err('elsewhere');
  const database = url.pathname.slice(1);
  if (url.username === '' || database === '') return err('malformed');
  try {
    return ok({
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: decodeURIComponent(database),
    });
  } catch {
    return err('malformed'); // a stray % is not an escape
  }
}
