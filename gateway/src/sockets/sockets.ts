import type { TLSSocket } from 'node:tls';
import type { Transport } from '@marvel/shared/exit';
import type { Dialled, Dialling, Leg } from './leg.ts';
import type { ListenAddress, Listener } from './listener.ts';

/** How connections come about, and what they are read and written by. */
export interface Sockets {
  readonly kind: 'native' | 'node';
  /** Opens a listener. Errors: rejects when the address cannot be bound. */
  listen(listen: ListenAddress, onLeg: (leg: Leg) => void): Promise<Listener>;
  /** Dials an exit, of which `dialling` hears, not before this returns. */
  dial(transport: Transport, dialling: Dialling): Dialled;
  /** The leg of a connection on which TLS stands. */
  ofTls(socket: TLSSocket): Leg;
  /** Gives back what is kept for the next who needs it; to be called now and then. */
  tidy(): void;
}
