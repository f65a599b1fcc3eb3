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
/** Field lines, each after its line end. A name cannot hold what ends it, so this takes linear time. */
const fieldLinesPattern = /^(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*)*$/;
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
  const lineEnd = text.indexOf('\r\n');
  const statusLine = lineEnd < 0 ? text : text.slice(0, lineEnd);
  const status = statusLinePattern.exec(statusLine)?.[1];
  if (status === undefined) return undefined;
  const fieldLines = lineEnd < 0 ? '' : text.slice(lineEnd);
  return fieldLinesPattern.test(fieldLines) ? new ReadHead(Number(status), fieldLines) : undefined;
}

/** A head whose fields are taken apart only if someone asks: of an exit that opens the way nobody does. */
class ReadHead implements ResponseHead {
  readonly status: number;
  readonly #fieldLines: string;

  constructor(status: number, fieldLines: string) {
    this.status = status;
    this.#fieldLines = fieldLines;
  }

  get fields(): ReadonlyMap<string, string> {
    const fields = new Map<string, string>();
    for (const line of this.#fieldLines.split('\r\n').slice(1)) {
      const colon = line.indexOf(':');
      fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    return fields;
  }
}
