/** A request head that was read whole. Source: RFC 9112. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly version: '1.0' | '1.1';
  /** By lower-case name; the values of a repeated field joined by `, `. */
  readonly fields: ReadonlyMap<string, string>;
  /** The request line, and behind it the field lines as they came. */
  readonly lines: readonly string[];
}

/** What came of the bytes so far. `restAt`: where in the last chunk the bytes after the head begin. */
export type HeadEvent =
  | { readonly kind: 'more' }
  | { readonly kind: 'head'; readonly head: RequestHead; readonly restAt: number }
  | { readonly kind: 'unreadable' };

/** The most field lines of one head. */
const maxFields = 100;
const requestLinePattern = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([\x21-\x7e]+) HTTP\/(1\.[01])$/;
const namePattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What no field value holds: every control character but the tab. */
const valueBreaker = /[^\t\x20-\x7e\x80-\xff]/;
/** Fields of which two would leave it open which one counts. */
const singleFields: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'proxy-authorization',
  'authorization',
]);
const more: HeadEvent = { kind: 'more' };
const unreadable: HeadEvent = { kind: 'unreadable' };
const headEnd = '\r\n\r\n';

/**
 * Reads request heads from bytes as they come: strict, bounded, one head at a time. Bytes that can be in no head (a TLS or
 * SOCKS hello) are unreadable at once. One empty line before a request line is passed over (RFC 9112 section 2.2).
 */
export class RequestHeadReader {
  readonly #maxBytes: number;
  #text = '';

  /** `maxBytes`: the longest head, its ending included. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether part of a head has come. */
  get isInside(): boolean {
    return this.#text !== '';
  }

  /** Takes bytes; keeps no reference to them. After `head` the next push starts another. */
  push(bytes: Buffer): HeadEvent {
    const before = this.#text.length;
    // Never more than could still be part of this head: what follows it may be megabytes.
    const text = this.#text + bytes.toString('latin1', 0, Math.min(bytes.length, this.#maxBytes - before));
    const start = text.startsWith('\r\n') ? 2 : 0;
    const end = text.indexOf(headEnd, Math.max(start, before - headEnd.length + 1));
    if (end < 0) {
      if (text.length >= this.#maxBytes || !couldBeHead(text, before)) return unreadable;
      this.#text = text;
      return more;
    }
    this.#text = '';
    const head = readHead(text.slice(start, end));
    return head === undefined ? unreadable : { kind: 'head', head, restAt: end + headEnd.length - before };
  }
}

function readHead(text: string): RequestHead | undefined {
  const lines = text.split('\r\n', maxFields + 2);
  if (lines.length > maxFields + 1) return undefined;
  const line = requestLinePattern.exec(lines[0] ?? '');
  const [, method, target, version] = line ?? [];
  if (method === undefined || target === undefined) return undefined;
  const fields = new Map<string, string>();
  for (let index = 1; index < lines.length; index += 1) {
    // A line that starts with white space (obs-fold) has no valid name; a bare CR or LF, or NUL, breaks the value.
    const field = lines[index] ?? '';
    const colon = field.indexOf(':');
    const name = field.slice(0, Math.max(0, colon));
    if (!namePattern.test(name) || valueBreaker.test(field)) return undefined;
    const key = name.toLowerCase();
    const value = withoutOuterBlanks(field, colon + 1);
    const earlier = fields.get(key);
    if (earlier !== undefined && singleFields.has(key)) return undefined;
    fields.set(key, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  // RFC 9112 section 3.2: an HTTP/1.1 request without Host is refused.
  if (version === '1.1' && !fields.has('host')) return undefined;
  return { method, target, version: version === '1.0' ? '1.0' : '1.1', fields, lines };
}

/** The text from `from` on without spaces and tabs around it. A loop, since a pattern would take quadratic time on many blanks. */
function withoutOuterBlanks(text: string, from: number): string {
  let start = from;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** Whether text from `from` on holds nothing that no head can hold: saves waiting for the end of what is no HTTP. */
function couldBeHead(text: string, from: number): boolean {
  for (let index = from; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const previous = index === 0 ? 0 : text.charCodeAt(index - 1);
    if (code === 10) {
      if (previous !== 13) return false;
    } else if (previous === 13 || (code < 32 && code !== 9 && code !== 13) || code === 127) {
      return false;
    }
  }
  return true;
}
