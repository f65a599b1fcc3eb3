import type { MountName } from '@marvel/shared/failures';
import { getPath } from 'hono/utils/url';
import { mountPath } from './dialect.ts';

const belowMounts = '/dialects/';

/**
 * The path by which a request is routed: its own, or below the mount that its host name stands for. There a trailing
 * slash does not matter, since the clients of some conventions send one and those of others do not.
 */
export function routedPath(request: Request, hosts: ReadonlyMap<string, MountName>): string {
  const name = mountOfHost(request, hosts);
  const path = name === undefined ? getPath(request) : `${mountPath({ name })}${getPath(request)}`;
  return path.startsWith(belowMounts) && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** The mount that the host name of a request stands for. */
export function mountOfHost(request: Request, hosts: ReadonlyMap<string, MountName>): MountName | undefined {
  return hosts.size === 0 ? undefined : hosts.get(new URL(request.url).hostname);
}
