import { type Authority, parseAuthority } from './authority.ts';

/** Where a request in absolute-form wants to go. */
export interface AbsoluteTarget {
  readonly authority: Authority;
  /** The authority as written, for `Host`. */
  readonly host: string;
  /** Path and query, as written; empty when there is none. */
  readonly path: string;
}

/** Everything before the path is matched apart: what a browser and a server read differently (`@`, a backslash) has no place in it. */
const pattern = /^http:\/\/([^/?#]+)((?:[/?][^#]*)?)$/i;
const defaultPort = 80;

/** Reads the absolute-form of an `http` URI; `undefined` for anything else. Source: RFC 9112 section 3.2.2, RFC 9110 section 4.2. */
export function parseAbsoluteForm(text: string): AbsoluteTarget | undefined {
  const match = pattern.exec(text);
  const [, written, path] = match ?? [];
  if (written === undefined || path === undefined) return undefined;
  // A port may be left out, or be left empty.
  const host = written.endsWith(':') ? written.slice(0, -1) : written;
  const hasPort = host.lastIndexOf(':') > host.lastIndexOf(']');
  const authority = parseAuthority(hasPort ? host : `${host}:${defaultPort}`);
  return authority === undefined ? undefined : { authority, host, path };
}
