import type { DialFault } from './dial-fault.ts';
import type { DialRequest, Handshake, HandshakeEvent } from './handshake.ts';
import { type ResponseHead, ResponseHeadReader } from './response-head.ts';

/** CONNECT over HTTP/1.1. Source: RFC 9110 section 9.3.6. */
export class ConnectHandshake implements Handshake {
  readonly request: string;
  readonly #heads = new ResponseHeadReader();
  readonly #faultOf: (head: ResponseHead) => DialFault;

  /** `fields`: further field lines, each ending in CRLF. `faultOf`: what an answer other than 2xx says. */
  constructor({ host, port }: DialRequest, fields: string, faultOf: (head: ResponseHead) => DialFault) {
    const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    this.request = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${fields}\r\n`;
    this.#faultOf = faultOf;
  }

  push(bytes: Buffer): HandshakeEvent {
    const event = this.#heads.push(bytes);
    switch (event.kind) {
      case 'more':
        return event;
      case 'unreadable':
        return { kind: 'failed', fault: 'exit' };
      case 'head': {
        const isOpen = event.head.status >= 200 && event.head.status < 300;
        return isOpen ? { kind: 'open', restAt: event.restAt } : { kind: 'failed', fault: this.#faultOf(event.head) };
      }
    }
  }
}

/** Only our own agent is believed when it says that the destination is to blame. */
export function faultOfAgent(head: ResponseHead): DialFault {
  const code = head.fields.get('x-marvel-error');
  if (head.status === 403 && code === 'destination_forbidden') return 'forbidden';
  if (head.status === 502 && code === 'gateway_error') return 'destination';
  return 'exit';
}
