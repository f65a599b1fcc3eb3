/** A request head that was read whole. Source: RFC 9112. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly version: '1.0' | '1.1';
  /** By lower-case name; the values of a repeated field joined by `, `. The same map as before where the next head of a connection has the same fields. */
  readonly fields: ReadonlyMap<string, string>;
  /** The field lines as they came; the same array as before where `fields` is the same map. */
  readonly lines: readonly FieldLine[];
}

/** A field line of a request. */
export interface FieldLine {
  /** Lower case. */
  readonly name: string;
  /** The whole line, without its end. */
  readonly text: string;
}

/** What came of the bytes so far. `restAt`: where in the last chunk the bytes after the head begin. */
export type HeadEvent =
  | { readonly kind: 'more' }
  | { readonly kind: 'head'; readonly head: RequestHead; readonly restAt: number }
  | { readonly kind: 'unreadable' };

/** The most field lines of one head. */
const maxFields = 100;
const requestLinePattern = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([\x21-\x7e]+) HTTP\/(1\.[01])$/;
/**
 * Field lines, each but the last with its end. A line that starts with white space (obs-fold) has no name, and no value holds
 * a control character but the tab, such as a lone CR or LF, or NUL.
 */
const fieldsPattern =
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*)*$/;
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
const lineEnd = '\r\n';
const headEnd = '\r\n\r\n';
/** The longest text of which the fields are kept for the next head, characters. */
const maxKeptLength = 4096;

/** The fields of a head, read. */
interface Fields {
  readonly values: ReadonlyMap<string, string>;
  readonly lines: readonly FieldLine[];
}

const noFields: Fields = { values: new Map(), lines: [] };

/**
 * Reads request heads from bytes as they come: strict, bounded, one head at a time. Bytes that can be in no head (a TLS or
 * SOCKS hello) are unreadable at once. One empty line before a request line is passed over (RFC 9112 section 2.2).
 */
export class RequestHeadReader {
  readonly #maxBytes: number;
  #text = '';
  /** The fields of the last head, as text and read: most clients send the same with each request of a connection. */
  #keptText = '';
  #kept: Fields = noFields;

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
    const head = this.#read(text, start, end);
    return head === undefined ? unreadable : { kind: 'head', head, restAt: end + headEnd.length - before };
  }

  #read(text: string, start: number, end: number): RequestHead | undefined {
    const firstEnd = Math.min(text.indexOf(lineEnd, start), end);
    const line = requestLinePattern.exec(text.slice(start, firstEnd));
    if (line === null) return undefined;
    const [, method = '', target = '', number] = line;
    const version = number === '1.0' ? '1.0' : '1.1';
    const fieldsAt = Math.min(firstEnd + lineEnd.length, end);
    const keptText = this.#keptText;
    let fields: Fields | undefined = this.#kept;
    if (end - fieldsAt !== keptText.length || !text.startsWith(keptText, fieldsAt)) {
      const fieldsText = text.slice(fieldsAt, end);
      fields = readFields(fieldsText);
      if (fields === undefined) return undefined;
      // A tunnel has no next head, and would keep this one for as long as it lives.
      const isKept = text.length <= maxKeptLength && method !== 'CONNECT';
      this.#keptText = isKept ? fieldsText : '';
      this.#kept = isKept ? fields : noFields;
    }
    // RFC 9112 section 3.2: an HTTP/1.1 request without Host is refused.
    if (version === '1.1' && !fields.values.has('host')) return undefined;
    return { method, target, version, fields: fields.values, lines: fields.lines };
  }
}

function readFields(text: string): Fields | undefined {
  if (text === '') return noFields;
  if (!fieldsPattern.test(text)) return undefined;
  const texts = text.split(lineEnd, maxFields + 1);
  if (texts.length > maxFields) return undefined;
  const values = new Map<string, string>();
  const lines: FieldLine[] = [];
  for (const line of texts) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = withoutOuterBlanks(line, colon + 1);
    const earlier = values.get(name);
    if (earlier !== undefined && singleFields.has(name)) return undefined;
    values.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
    lines.push({ name, text: line });
  }
  return { values, lines };
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
