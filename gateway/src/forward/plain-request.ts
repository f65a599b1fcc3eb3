import type { AbsoluteTarget } from '../accept/absolute-form.ts';
import type { RequestHead } from '../accept/request-head.ts';
import type { Body, PlainRequest } from '../forwarding.ts';
import { noBody, SizedBody } from './body.ts';
import { ChunkedBody } from './chunked-body.ts';
import { connectionOptions, endsHere, isChunked, readLength } from './fields.ts';
import { OriginResponse } from './origin-response.ts';

/** Source: RFC 9110 section 9.2.2. */
const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** What of a request goes on is the same for the next with the same fields, version and host. */
interface Onward {
  readonly of: RequestHead;
  readonly host: string;
  /** The field lines that go on, each ending in CRLF. */
  readonly lines: string;
  readonly isLast: boolean;
}

/**
 * Makes of request heads in absolute-form the requests that go on: in origin-form, with the URI's host, without what
 * concerns the gateway alone, and otherwise as the client wrote them. One for each connection, whose requests are alike.
 */
export class PlainRequestReader {
  #last: Onward | undefined;

  /**
   * `undefined` when the framing leaves anything open: a length beside a coding, a coding that is not `chunked`, a length
   * that is not a plain number. Source: RFC 9112 section 6.
   */
  read(head: RequestHead, target: AbsoluteTarget): PlainRequest | undefined {
    const { method, version } = head;
    const body = readBody(head);
    if (body === undefined) return undefined;
    const { lines, isLast } = this.#onward(head, target);
    return {
      method,
      head: `${method} ${originForm(method, target)} HTTP/${version}\r\n${lines}\r\n`,
      isIdempotent: idempotentMethods.has(method),
      body,
      answer: (added) => new OriginResponse({ method, version, isLast }, added),
    };
  }

  #onward(head: RequestHead, target: AbsoluteTarget): Onward {
    const { version, fields } = head;
    const { host } = target;
    const last = this.#last;
    if (last?.of.fields === fields && last.of.version === version && last.host === host) return last;
    const connection = fields.get('connection');
    const proxyConnection = fields.get('proxy-connection');
    const options =
      connection === undefined && proxyConnection === undefined
        ? []
        : connectionOptions(`${connection ?? ''},${proxyConnection ?? ''}`);
    const isLast = version === '1.0' || options.includes('close');
    this.#last = { of: head, host, lines: fieldLines(head, host, options, isLast), isLast };
    return this.#last;
  }
}

function readBody({ version, fields }: RequestHead): Body | undefined {
  const coding = fields.get('transfer-encoding');
  const length = fields.get('content-length');
  if (coding !== undefined) {
    return version === '1.1' && length === undefined && isChunked(coding) ? new ChunkedBody() : undefined;
  }
  if (length === undefined) return noBody;
  const bytes = readLength(length);
  return bytes === undefined ? undefined : new SizedBody(bytes);
}

function originForm(method: string, { path }: AbsoluteTarget): string {
  // RFC 9112 section 3.2.4: OPTIONS of a whole server.
  if (path === '') return method === 'OPTIONS' ? '*' : '/';
  return path.startsWith('/') ? path : `/${path}`;
}

function fieldLines(
  { lines, version, fields }: RequestHead,
  host: string,
  options: readonly string[],
  isLast: boolean,
): string {
  // Each stays where the client had it: an order of our own would tell servers of us.
  let kept = fields.has('host') ? '' : `Host: ${host}\r\n`;
  const takesTrailers = fields.get('te')?.toLowerCase() === 'trailers' && version === '1.1';
  let hasConnection = false;
  for (const { name, text } of lines) {
    switch (name) {
      case 'host':
        kept += `Host: ${host}\r\n`;
        break;
      case 'content-length':
        kept += `Content-Length: ${fields.get(name) ?? ''}\r\n`;
        break;
      case 'transfer-encoding':
        kept += 'Transfer-Encoding: chunked\r\n';
        break;
      case 'te':
        if (takesTrailers) kept += 'TE: trailers\r\n';
        break;
      case 'connection':
      case 'proxy-connection':
        if (!hasConnection) kept += connectionLine(options, isLast, takesTrailers);
        hasConnection = true;
        break;
      case 'expect':
        // RFC 9110 section 10.1.1: in HTTP/1.0 it is to be ignored.
        if (version === '1.1') kept += `${text}\r\n`;
        break;
      default:
        if (!endsHere(name) && !options.includes(name)) kept += `${text}\r\n`;
    }
  }
  return hasConnection ? kept : kept + connectionLine([], isLast, takesTrailers);
}

function connectionLine(options: readonly string[], isLast: boolean, takesTrailers: boolean): string {
  const own = [
    ...(isLast && options.includes('close') ? ['close'] : []),
    ...(!isLast && options.includes('keep-alive') ? ['keep-alive'] : []),
    ...(takesTrailers ? ['TE'] : []),
  ];
  return own.length === 0 ? '' : `Connection: ${own.join(', ')}\r\n`;
}
