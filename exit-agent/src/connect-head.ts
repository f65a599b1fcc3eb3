/** The head of a CONNECT request, as far as the agent reads it. */
export interface ConnectHead {
  /** The request target, unread. */
  readonly authority: string;
  /** The value of Proxy-Authorization, if there was one. */
  readonly authorization: string | undefined;
  /** The gateway's X-Marvel-Request-Id, if there was one that may go into a log. */
  readonly requestId: string | undefined;
  /** Bytes of the head, its empty line included; tunnel bytes start here. */
  readonly byteLength: number;
}

/** The longest head, in bytes. Source: CONTRACT 3.10. */
export const maxHeadBytes = 16_384;

const headEnd = '\r\n\r\n';
const requestLine = /^CONNECT ([!-~]{1,512}) HTTP\/1\.[01]$/;
const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What no field holds (RFC 9110 section 5.5): control characters other than a tab, bare CR and LF among them. */
const forbidden = /[^\t\x20-\x7e\x80-\xff]/;
const requestIdPattern = /^[0-9A-Za-z_-]{1,64}$/;

/**
 * Reads a CONNECT head from the start of what has arrived: `more` while it is not whole, `malformed` as soon as it cannot
 * become one. Strict: CRLF only, no folded lines, no white space before the colon, Proxy-Authorization at most once.
 *
 * Source: RFC 9112 sections 2.2, 3 and 5. Cost: O(bytes) at each call.
 */
export function parseConnectHead(bytes: Buffer): ConnectHead | 'more' | 'malformed' {
  const start = bytes.toString('latin1', 0, 8);
  if (!'CONNECT '.startsWith(start)) return 'malformed';
  const end = bytes.subarray(0, maxHeadBytes).indexOf(headEnd);
  if (end === -1) return bytes.length >= maxHeadBytes ? 'malformed' : 'more';
  const [first = '', ...fields] = bytes.toString('latin1', 0, end).split('\r\n');
  const authority = requestLine.exec(first)?.[1];
  if (authority === undefined) return 'malformed';

  let authorization: string | undefined;
  let requestId: string | undefined;
  for (const field of fields) {
    const colon = field.indexOf(':');
    const name = field.slice(0, Math.max(colon, 0));
    if (!fieldName.test(name) || forbidden.test(field)) return 'malformed';
    switch (name.toLowerCase()) {
      case 'proxy-authorization':
        if (authorization !== undefined) return 'malformed';
        authorization = field.slice(colon + 1).trim();
        break;
      case 'x-marvel-request-id': {
        const value = field.slice(colon + 1).trim();
        requestId = requestIdPattern.test(value) ? value : undefined;
        break;
      }
      default:
    }
  }
  return { authority, authorization, requestId, byteLength: end + headEnd.length };
}
