import type { Body, MessageState, PlainResponse } from '../forwarding.ts';
import { EndlessBody, noBody, SizedBody } from './body.ts';
import { ChunkedBody } from './chunked-body.ts';
import { isChunked, readLength } from './fields.ts';
import { type OriginHead, readOriginHead } from './origin-head.ts';

/** What of the request its answer depends on. */
export interface AnsweredRequest {
  readonly method: string;
  readonly version: '1.0' | '1.1';
  /** The client wants no other request on its connection, or cannot have one. */
  readonly isLast: boolean;
}

/** How a final head says where its body ends. */
interface Framing {
  readonly body: Body;
  readonly line: string;
}

/** The longest head of an answer, bytes: some origins set many cookies. */
const maxHeadBytes = 65_536;
/** What is looked at at once for the end of a head, bytes: the body that may stand behind it is not made text in vain. */
const windowBytes = 2048;
/** Interim heads of one answer. */
const maxInterim = 16;
const start = 'HTTP/1.';
const headEnd = '\r\n\r\n';
const nothing = Buffer.alloc(0);
const switchingProtocols = 101;

/** The answer of an origin on its way to the client: heads rewritten, bodies as they are. Source: RFC 9112 section 6. */
export class OriginResponse implements PlainResponse {
  status = 0;
  hasBegun = false;
  out: Buffer = nothing;
  ownsOut = false;
  keepsClient = false;
  keepsExit = false;
  readonly #request: AnsweredRequest;
  readonly #fields: string;
  #text = '';
  #interim = 0;
  #body: Body | undefined;

  constructor(request: AnsweredRequest, fields: string) {
    this.#request = request;
    this.#fields = fields;
  }

  push(bytes: Buffer, isLast: boolean): MessageState {
    this.hasBegun = true;
    this.out = nothing;
    this.ownsOut = false;
    if (this.#body !== undefined) return this.#pushBody(this.#body, bytes, 0, '');
    let heads = '';
    let at = 0;
    for (;;) {
      const before = this.#text.length;
      const lookedTo = Math.min(bytes.length, at + windowBytes, at + maxHeadBytes - before);
      const text = this.#text + bytes.toString('latin1', at, lookedTo);
      const end = text.indexOf(headEnd, Math.max(0, before - headEnd.length + 1));
      if (end < 0) {
        this.#text = text;
        if (!beginsLikeHttp(text) || text.length >= maxHeadBytes) return 'broken';
        at = lookedTo;
        if (at < bytes.length) continue;
        if (heads !== '') this.#own(heads, bytes, at, at, '');
        return 'more';
      }
      this.#text = '';
      at += end + headEnd.length - before;
      const head = readOriginHead(text.slice(0, end));
      if (head === undefined) return 'broken';
      if (head.status >= 200) {
        const framing = frame(head, this.#request);
        if (framing === undefined) return 'broken';
        this.#body = framing.body;
        return this.#pushBody(framing.body, bytes, at, heads + this.#finalHead(head, framing, isLast));
      }
      this.#interim += 1;
      // No protocol was offered to switch to.
      if (head.status === switchingProtocols || this.#interim > maxInterim) return 'broken';
      // RFC 9110 section 15.2: an HTTP/1.0 client knows no interim answers.
      if (this.#request.version === '1.1') heads += `HTTP/1.1 ${head.statusText}\r\n${head.lines}\r\n`;
    }
  }

  end(): MessageState {
    this.out = nothing;
    return this.#body === undefined ? 'broken' : this.#body.end();
  }

  letGo(): void {
    this.out = nothing;
  }

  #finalHead(head: OriginHead, { body, line }: Framing, isLast: boolean): string {
    this.status = head.status;
    const isEndless = body instanceof EndlessBody;
    this.keepsExit = head.version === '1.1' && !head.asksForClose && !isEndless && !this.#request.isLast;
    this.keepsClient = !isLast && !this.#request.isLast && !isEndless;
    const close = this.keepsClient ? '' : 'Connection: close\r\n';
    return `HTTP/1.1 ${head.statusText}\r\n${head.lines}${line}${this.#fields}${close}\r\n`;
  }

  #pushBody(body: Body, bytes: Buffer, from: number, heads: string): MessageState {
    if (body.isDone) {
      // More than was announced: whose it is nobody can tell.
      this.keepsExit &&= from === bytes.length;
      this.#own(heads, bytes, from, from, '');
      return 'done';
    }
    const state = from === bytes.length ? 'more' : body.push(bytes, from);
    if (state === 'broken') {
      this.out = nothing;
      return 'broken';
    }
    const passTo = from === bytes.length ? from : body.passTo;
    const tail = state === 'done' ? body.tail : '';
    if (state === 'done') this.keepsExit &&= body.restAt === bytes.length;
    if (heads === '' && tail === '') this.out = bytes.subarray(from, passTo);
    else this.#own(heads, bytes, from, passTo, tail);
    return state;
  }

  /** One piece of memory for all that goes on, so that it is one write. */
  #own(heads: string, bytes: Buffer, from: number, passTo: number, tail: string): void {
    const out = Buffer.allocUnsafe(heads.length + passTo - from + tail.length);
    out.write(heads, 0, 'latin1');
    bytes.copy(out, heads.length, from, passTo);
    out.write(tail, heads.length + passTo - from, 'latin1');
    this.out = out;
    this.ownsOut = true;
  }
}

/** Where the body ends, by the one way in which it is said; `undefined` when that is left open. Source: RFC 9112 section 6.3. */
function frame(head: OriginHead, request: AnsweredRequest): Framing | undefined {
  const { status, version, contentLength, transferEncoding } = head;
  const isBodiless = request.method === 'HEAD' || status === 204 || status === 304;
  if (transferEncoding !== undefined) {
    const isServed =
      version === '1.1' && request.version === '1.1' && contentLength === undefined && isChunked(transferEncoding);
    if (!isServed) return undefined;
    const line = status === 204 ? '' : 'Transfer-Encoding: chunked\r\n';
    return { body: isBodiless ? noBody : new ChunkedBody(), line };
  }
  if (contentLength === undefined) return { body: isBodiless ? noBody : new EndlessBody(), line: '' };
  const bytes = readLength(contentLength);
  if (bytes === undefined) return undefined;
  const line = status === 204 ? '' : `Content-Length: ${contentLength}\r\n`;
  return { body: isBodiless ? noBody : new SizedBody(bytes), line };
}

function beginsLikeHttp(text: string): boolean {
  return text.length < start.length ? start.startsWith(text) : text.startsWith(start);
}
