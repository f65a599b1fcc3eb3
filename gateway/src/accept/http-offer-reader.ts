import { canonicalHost } from '@marvel/shared/destination';
import type { Dialect } from '@marvel/shared/usage-batch';
import type { PlainRequest } from '../forwarding.ts';
import type { Destination, Heard, OfferReader, SignIn } from '../offer.ts';
import { AbsoluteFormReader, type AbsoluteTarget } from './absolute-form.ts';
import { type Authority, parseAuthority } from './authority.ts';
import { type RequestHead, RequestHeadReader } from './request-head.ts';

/** The part of an offer that the dialect reads out of a request head: out of its fields alone. */
export type ReadRequest = (request: Pick<RequestHead, 'fields'>) => SignIn;

/** Makes of a request in absolute-form what is to be forwarded. */
export interface PlainRequestReading {
  /** `undefined` when the framing of the request cannot be relied on. */
  read(head: RequestHead, target: AbsoluteTarget): PlainRequest | undefined;
}

/** What an HTTP dialect reads a connection with. */
export interface HttpReading {
  readonly readRequest: ReadRequest;
  readonly plainRequests: PlainRequestReading;
  readonly maxHeadBytes: number;
}

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
  readonly #reading: HttpReading;
  readonly #targets = new AbsoluteFormReader();
  /** What was read of the last head in absolute-form: the next of a connection nearly always says the same. */
  #authority: Authority | undefined;
  #destination: Destination | undefined;
  #fields: RequestHead['fields'] | undefined;
  #signIn: SignIn | undefined;

  constructor(dialect: Dialect, reading: HttpReading) {
    this.#heads = new RequestHeadReader(reading.maxHeadBytes);
    this.#dialect = dialect;
    this.#reading = reading;
  }

  get isInside(): boolean {
    return this.#heads.isInside;
  }

  push(bytes: Buffer): Heard {
    const event = this.#heads.push(bytes);
    if (event.kind === 'more') return more;
    if (event.kind === 'unreadable') return unreadable;
    const { head, restAt } = event;
    const wanted = head.method === 'CONNECT' ? readConnect(head) : this.#readAbsolute(head);
    if (wanted === undefined) return unreadable;
    const { destination, request } = wanted;
    const { credential, wish } = request === undefined ? this.#reading.readRequest(head) : this.#signInOf(head);
    return {
      kind: 'offer',
      offer: { dialect: this.#dialect, credential, wish, destination },
      mayRetry: leavesConnectionReusable(head),
      rest: restAt === bytes.length ? nothing : Buffer.from(bytes.subarray(restAt)),
      request,
    };
  }

  #readAbsolute(head: RequestHead): Wanted | undefined {
    const target = this.#targets.read(head.target);
    if (target === undefined) return undefined;
    const request = this.#reading.plainRequests.read(head, target);
    return request && { destination: this.#destinationOf(target.authority), request };
  }

  #destinationOf(authority: Authority): Destination {
    if (this.#destination === undefined || authority !== this.#authority) {
      this.#authority = authority;
      this.#destination = { host: canonicalHost(authority.host), port: authority.port };
    }
    return this.#destination;
  }

  #signInOf({ fields }: RequestHead): SignIn {
    if (this.#signIn === undefined || fields !== this.#fields) {
      this.#fields = fields;
      this.#signIn = this.#reading.readRequest({ fields });
    }
    return this.#signIn;
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
