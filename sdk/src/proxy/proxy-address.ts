import { proxyUrl, type ProxyUrlOptions } from '../proxy-url.ts';
import { readTarget } from '../target.ts';

/** A gateway, and who asks it for which exit. */
export interface ProxyAddress {
  readonly isTls: boolean;
  readonly host: string;
  readonly port: number;
  /** Value of `Proxy-Authorization`. */
  readonly authorization: string;
}

/**
 * Reads a proxy URL, or makes one of its parts.
 *
 * Errors: throws `MarvelTargetError` for a target that no gateway would take, `TypeError` for a URL that is none of a
 * proxy over HTTP; neither repeats the key.
 */
export function readProxyAddress(proxy: string | URL | ProxyUrlOptions): ProxyAddress {
  const isParts = typeof proxy === 'object' && !(proxy instanceof URL);
  const url = parseUrl(isParts ? proxyUrl(proxy) : proxy);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError('proxy: must begin with http:// or https://');
  }
  const [username, password] = [url.username, url.password].map(decodeURIComponent);
  if (username === undefined || username === '') throw new TypeError('proxy: must hold a key and a target');
  readTarget(password ?? '');
  const isTls = url.protocol === 'https:';
  return {
    isTls,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
    authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
  };
}

function parseUrl(proxy: string | URL): URL {
  if (!URL.canParse(String(proxy))) throw new TypeError('proxy: must be a URL');
  return new URL(proxy);
}
