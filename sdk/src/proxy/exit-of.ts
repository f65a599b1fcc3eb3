import { readExitInfo, type ExitInfo } from './exit-info.ts';
import { exitOfSocket } from './open-tunnel.ts';

/** Those of any `fetch`: undici has classes of its own. */
interface ReadableHeaders {
  get(name: string): string | null;
}

/** What came back through a tunnel: a message of `node:http`, a response of `fetch`, one of undici, or a socket. */
export type ThroughTunnel =
  | { readonly socket: object }
  | { readonly headers: ReadableHeaders }
  | { readonly headers: Readonly<Record<string, string | readonly string[] | undefined>> }
  | object;

/**
 * Which exit a response came through; `undefined` when it came through none of ours.
 *
 * Of `fetch` and undici the dispatcher writes it into the headers of the response, in place of any that the destination
 * sent under these names; so ask this only of what came through the dispatcher.
 */
export function exitOf(through: ThroughTunnel): ExitInfo | undefined {
  const bySocket = exitOfSocket('socket' in through && isObject(through.socket) ? through.socket : through);
  if (bySocket !== undefined || 'socket' in through || !('headers' in through)) return bySocket;
  const { headers } = through;
  const info = readExitInfo((name) => {
    if (isReadable(headers)) return headers.get(name) ?? undefined;
    const value: unknown = isObject(headers) ? Reflect.get(headers, name) : undefined;
    return typeof value === 'string' ? value : undefined;
  });
  return info.requestId === undefined ? undefined : info;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isReadable(headers: unknown): headers is ReadableHeaders {
  return isObject(headers) && 'get' in headers && typeof headers.get === 'function';
}
