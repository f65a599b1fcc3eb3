/** The head of an exit's answer. Source: RFC 9112. */
export interface ResponseHead {
  readonly status: number;
  /** By lower-case name; the last value of a repeated field. */
  readonly fields: ReadonlyMap<string, string>;
}

/** What came of the bytes so far. `restAt`: where in the last chunk the bytes after the head begin. */
export type ResponseEvent =
  | { readonly kind: 'more' }
  | { readonly kind: 'head'; readonly head: ResponseHead; readonly restAt: number }
  | { readonly kind: 'unreadable' };

/** The longest head an exit may answer with, bytes. */
const maxHeadBytes = 16_384;
const statusLinePattern = /^HTTP\/1\.[01] ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const fieldNamePattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const lineBreaker = /[^\t\x20-\x7e\x80-\xff]/;
const start = 'HTTP/1.';
const headEnd = '\r\n\r\n';

/** Reads one response head from bytes as they come: strict and bounded. What does not begin like HTTP is unreadable at once. */
export class ResponseHeadReader {
  #text = '';

  /** Takes bytes; keeps no reference to them. */
  push(bytes: Buffer): ResponseEvent {
    const before = this.#text.length;
    const text = this.#text + bytes.toString('latin1', 0, Math.min(bytes.length, maxHeadBytes - before));
    const end = text.indexOf(headEnd, Math.max(0, before - headEnd.length + 1));
    if (end < 0) {
      const begins = text.length < start.length ? start.startsWith(text) : text.startsWith(start);
      if (!begins || text.length >= maxHeadBytes) return { kind: 'unreadable' };
      this.#text = text;
      return { kind: 'more' };
    }
    const head = readHead(text.slice(0, end));
    return head === undefined ? { kind: 'unreadable' } : { kind: 'head', head, restAt: end + headEnd.length - before };
  }
}

function readHead(text: string): ResponseHead | undefined {
  const lines = text.split('\r\n');
  const status = statusLinePattern.exec(lines[0] ?? '')?.[1];
  if (status === undefined) return undefined;
  const fields = new Map<string, string>();
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    if (!fieldNamePattern.test(name) || lineBreaker.test(line)) return undefined;
    fields.set(name.toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status: Number(status), fields };
}
