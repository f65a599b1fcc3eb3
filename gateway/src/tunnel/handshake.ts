import type { WireBytes } from '../offer.ts';
import type { DialFault } from './dial-fault.ts';

/** What came of an exit's bytes so far. `restAt`: where in the last chunk the tunnel's first bytes begin. */
export type HandshakeEvent =
  | { readonly kind: 'more' }
  /** Send this and go on. */
  | { readonly kind: 'send'; readonly bytes: Buffer }
  | { readonly kind: 'open'; readonly restAt: number }
  | { readonly kind: 'failed'; readonly fault: DialFault };

/** How an exit is asked for a way to a destination, as a pure machine. Keeps no reference to the bytes it is given. */
export interface Handshake {
  /** What is sent first. */
  readonly request: WireBytes;
  push(bytes: Buffer): HandshakeEvent;
}

/** What is asked of an exit. */
export interface DialRequest {
  readonly host: string;
  readonly port: number;
  readonly requestId: string;
}
