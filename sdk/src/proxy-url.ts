import { readTarget, writeTarget, type TargetParts } from './target.ts';

export interface ProxyUrlOptions {
  /** `host:port` of a gateway. */
  readonly gateway: string;
  /** `mk_live_…` or `mk_test_…`. */
  readonly key: string;
  /** What to ask of the exit, in parts or as the proxy password, such as `country-US`. */
  readonly target: TargetParts | string;
  /** How to speak to the gateway; each has a port of its own. `socks5h` leaves names to the exit, as it has to be. Default `http`. */
  readonly protocol?: 'http' | 'https' | 'socks5h' | undefined;
}

/**
 * The proxy URL that most clients take: `http://<key>:<target>@<gateway>`.
 *
 * Errors: throws `MarvelTargetError` for a target that no gateway would take, `TypeError` for the rest.
 */
export function proxyUrl({ gateway, key, target, protocol = 'http' }: ProxyUrlOptions): string {
  if (!/^mk_(?:live|test)_[0-9A-Za-z]+$/.test(key)) throw new TypeError('key: must begin with mk_live_ or mk_test_');
  const authority = readAuthority(gateway);
  if (typeof target === 'string') readTarget(target);
  const password = typeof target === 'string' ? target : writeTarget(target);
  return `${protocol}://${key}:${password}@${authority}`;
}

function readAuthority(gateway: string): string {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):(\d{1,5})$/i.exec(gateway);
  const port = Number(match?.[2]);
  if (match === null || port < 1 || port > 65_535) throw new TypeError('gateway: must be host:port');
  return gateway;
}
