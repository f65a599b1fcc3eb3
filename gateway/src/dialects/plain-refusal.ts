/** A refusal by a dialect whose clients read the status and a plaintext body. */
export interface PlainRefusal {
  readonly status: number;
  readonly phrase: string;
  readonly requestId: string;
  /** ASCII. */
  readonly body: string;
  readonly close: boolean;
}

/** The status of the one refusal that challenges. Source: RFC 9110 section 11.7.1. */
const challenged = 407;

/** A refusal as it goes on the wire, ASCII. */
export function plainRefusal({ status, phrase, requestId, body, close }: PlainRefusal): string {
  return (
    `HTTP/1.1 ${status} ${phrase}\r\n` +
    `X-Marvel-Request-Id: ${requestId}\r\n` +
    (status === challenged ? 'Proxy-Authenticate: Basic realm="proxy"\r\n' : '') +
    'Content-Type: text/plain; charset=utf-8\r\n' +
    `Content-Length: ${body.length}\r\n` +
    (close ? 'Connection: close\r\n' : '') +
    `\r\n${body}`
  );
}
