import { type FailureCode, failureEntry } from '@marvel/shared/failures';

/** What the agent can answer other than 200. */
export type RefusalCode = Extract<
  FailureCode,
  'bad_request' | 'unauthenticated' | 'destination_forbidden' | 'gateway_error' | 'overloaded' | 'draining'
>;

/** The answer after which both ways are tunnel. */
export const established = 'HTTP/1.1 200 Connection Established\r\n\r\n';

/** Extra fields of some answers: RFC 9110 sections 11.7.1 and 10.2.3. */
const extraFields: Partial<Record<RefusalCode, string>> = {
  unauthenticated: 'Proxy-Authenticate: Bearer realm="marvel-exit"\r\n',
  overloaded: 'Retry-After: 1\r\n',
  draining: 'Retry-After: 1\r\n',
};

/** The whole answer to a refused CONNECT, after which the connection closes. Holds nothing that the client sent. */
export function refusalAnswer(code: RefusalCode): string {
  const { marvel: status, reason } = failureEntry(code);
  return (
    `HTTP/1.1 ${status} ${reason}\r\nX-Marvel-Error: ${code}\r\n${extraFields[code] ?? ''}` +
    'Content-Length: 0\r\nConnection: close\r\n\r\n'
  );
}
