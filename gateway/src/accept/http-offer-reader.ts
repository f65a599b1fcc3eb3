import { canonicalHost } from '@marvel/shared/destination';
import type { Dialect } from '@marvel/shared/usage-batch';
import type { PlainRequest } from '../forwarding.ts';
import type { Destination, Heard, OfferReader, SignIn } from '../offer.ts';
import { type AbsoluteTarget, parseAbsoluteForm } from './absolute-form.ts';
import { parseAuthority } from './authority.ts';
import { type RequestHead, RequestHeadReader } from './request-head.ts';

/** The part of an offer that the dialect reads out of a request head. */
export type ReadRequest = (head: RequestHead) => SignIn;

/** Makes of a request in absolute-form what is to be forwarded; `undefined` when its framing cannot be relied on. */
export type ReadPlainRequest = (head: RequestHead, target: AbsoluteTarget) => PlainRequest | undefined;

/** What a request head wants. */
interface Wanted {
  readonly destination: Destination;
  readonly request?: PlainRequest;
}

const unreadable: Heard = { kind: 'unreadable' };
const more: Heard = { kind: 'more' };
const nothing = Buffer.alloc(0);

/** Offers as HTTP/1.x requests: CONNECT, and any other in absolute-form. Source: RFC 9110 section 9.3.6, RFC 9112 section 3.2.2. */
export class HttpOfferReader implements OfferReader {
  readonly #heads: RequestHeadReader;
  readonly #dialect: Dialect;
  readonly #readRequest: ReadRequest;
  readonly #readPlainRequest: ReadPlainRequest;

  constructor(dialect: Dialect, readRequest: ReadRequest, readPlainRequest: ReadPlainRequest, maxHeadBytes: number) {
    this.#heads = new RequestHeadReader(maxHeadBytes);
    this.#dialect = dialect;
    this.#readRequest = readRequest;
    this.#readPlainRequest = readPlainRequest;
  }

  get isInside(): boolean {
    return this.#heads.isInside;
  }

  push(bytes: Buffer): Heard {
    const event = this.#heads.push(bytes);
    if (event.kind === 'more') return more;
    if (event.kind === 'unreadable') return unreadable;
    const wanted = event.head.method === 'CONNECT' ? readConnect(event.head) : this.#readAbsolute(event.head);
    if (wanted === undefined) return unreadable;
    const { destination, request } = wanted;
    const { credential, wish } = this.#readRequest(event.head);
    return {
      kind: 'offer',
      offer: { dialect: this.#dialect, credential, wish, destination },
      mayRetry: leavesConnectionReusable(event.head),
      rest: event.restAt === bytes.length ? nothing : Buffer.from(bytes.subarray(event.restAt)),
      ...(request && { request }),
    };
  }

  #readAbsolute(head: RequestHead): Wanted | undefined {
    const target = parseAbsoluteForm(head.target);
    if (target === undefined) return undefined;
    const request = this.#readPlainRequest(head, target);
    const { host, port } = target.authority;
    return request && { destination: { host: canonicalHost(host), port }, request };
  }
}

function readConnect(head: RequestHead): Wanted | undefined {
  const authority = parseAuthority(head.target);
  return authority && { destination: { host: canonicalHost(authority.host), port: authority.port } };
}

/**
 * Whether another request can follow on the connection: an HTTP/1.1 request that does not ask for its end and announces no
 * body. (What a CONNECT announces as its body would be read as the next request.)
 */
function leavesConnectionReusable(head: RequestHead): boolean {
  if (head.version !== '1.1' || head.fields.has('transfer-encoding')) return false;
  const length = head.fields.get('content-length');
  if (length !== undefined && length !== '0') return false;
  const connection = head.fields.get('connection');
  return (
    connection === undefined ||
    !connection
      .toLowerCase()
      .split(/[ \t]*,[ \t]*/)
      .includes('close')
  );
}
