import type { AbsoluteTarget } from '../accept/absolute-form.ts';
import type { RequestHead } from '../accept/request-head.ts';
import type { Body, PlainRequest } from '../forwarding.ts';
import { noBody, SizedBody } from './body.ts';
import { ChunkedBody } from './chunked-body.ts';
import { connectionOptions, endsHere, isChunked, readLength } from './fields.ts';
import { OriginResponse } from './origin-response.ts';

/** Source: RFC 9110 section 9.2.2. */
const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/**
 * Makes of a request head in absolute-form the request that goes on: in origin-form, with the URI's host, without what
 * concerns the gateway alone, and otherwise as the client wrote it. `undefined` when its framing leaves anything open: a
 * length beside a coding, a coding that is not `chunked`, a length that is not a plain number. Source: RFC 9112 section 6.
 */
export function readPlainRequest(head: RequestHead, target: AbsoluteTarget): PlainRequest | undefined {
  const { method, version, fields } = head;
  const body = readBody(head);
  if (body === undefined) return undefined;
  const options = connectionOptions(`${fields.get('connection') ?? ''},${fields.get('proxy-connection') ?? ''}`);
  const isLast = version === '1.0' || options.includes('close');
  return {
    method,
    head: `${method} ${originForm(method, target)} HTTP/${version}\r\n${fieldLines(head, target, options, isLast)}\r\n`,
    isIdempotent: idempotentMethods.has(method),
    body,
    answer: (added) => new OriginResponse({ method, version, isLast }, added),
  };
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
  { host }: AbsoluteTarget,
  options: readonly string[],
  isLast: boolean,
): string {
  // Each stays where the client had it: an order of our own would tell servers of us.
  let text = fields.has('host') ? '' : `Host: ${host}\r\n`;
  const takesTrailers = fields.get('te')?.toLowerCase() === 'trailers' && version === '1.1';
  let hasConnection = false;
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    switch (name) {
      case 'host':
        text += `Host: ${host}\r\n`;
        break;
      case 'content-length':
        text += `Content-Length: ${fields.get(name) ?? ''}\r\n`;
        break;
      case 'transfer-encoding':
        text += 'Transfer-Encoding: chunked\r\n';
        break;
      case 'te':
        if (takesTrailers) text += 'TE: trailers\r\n';
        break;
      case 'connection':
      case 'proxy-connection':
        if (!hasConnection) text += connectionLine(options, isLast, takesTrailers);
        hasConnection = true;
        break;
      case 'expect':
        // RFC 9110 section 10.1.1: in HTTP/1.0 it is to be ignored.
        if (version === '1.1') text += `${line}\r\n`;
        break;
      default:
        if (!endsHere(name) && !options.includes(name)) text += `${line}\r\n`;
    }
  }
  return hasConnection ? text : text + connectionLine([], isLast, takesTrailers);
}

function connectionLine(options: readonly string[], isLast: boolean, takesTrailers: boolean): string {
  const own = [
    ...(isLast && options.includes('close') ? ['close'] : []),
    ...(!isLast && options.includes('keep-alive') ? ['keep-alive'] : []),
    ...(takesTrailers ? ['TE'] : []),
  ];
  return own.length === 0 ? '' : `Connection: ${own.join(', ')}\r\n`;
}
