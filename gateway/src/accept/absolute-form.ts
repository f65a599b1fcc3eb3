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

const slash = '/'.charCodeAt(0);

/** Reads the targets of one connection's requests, which nearly all name the same authority. */
export class AbsoluteFormReader {
  #last: AbsoluteTarget | undefined;
  /** What stood before the path of the last. */
  #start = '';

  /** As `parseAbsoluteForm`; the authority is the same object as before where it is the same text. */
  read(text: string): AbsoluteTarget | undefined {
    const last = this.#last;
    const start = this.#start;
    // The authority ends with the first slash, so what is the same up to there has the same.
    if (last !== undefined && text.startsWith(start) && text.charCodeAt(start.length) === slash) {
      return text.includes('#') ? undefined : { ...last, path: text.slice(start.length) };
    }
    const target = parseAbsoluteForm(text);
    if (target === undefined) return undefined;
    this.#start = text.slice(0, text.length - target.path.length);
    this.#last = target;
    return target;
  }
}
