import type { Exit, Network } from '@marvel/shared/exit';
import type { Failure, FailureCode } from '@marvel/shared/failures';
import type { Result } from '@marvel/shared/result';
import type { Dialect } from '@marvel/shared/usage-batch';

/** What a client shows to say who it is. `none`: nothing, or nothing that could be one of ours. */
export type OfferedCredential = { readonly kind: 'key'; readonly key: string } | { readonly kind: 'none' };

/** What a client asks of the exit, whatever the dialect it said it in. */
export interface ExitWish {
  readonly network: Network;
  /** Two letters, upper case. */
  readonly country: string;
  /** 0 to 100. */
  readonly minPurity: number;
  /** Sticky session; absent for a rotating exit. */
  readonly session?: string;
  /** What a sticky session does when its exit is lost. */
  readonly onExitLoss: 'repin' | 'fail';
}

/** Where a client wants to go. */
export interface Destination {
  /** One spelling per host, as `canonicalHost` gives it: no brackets, lower case. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** What a client asks for, before any policy has looked at it: the same value for every protocol and dialect. */
export interface Offer {
  readonly dialect: Dialect;
  readonly credential: OfferedCredential;
  /** A mistake in it is told only to a client whose credential is good. */
  readonly wish: Result<ExitWish, FailureCode>;
  readonly destination: Destination;
}

/** The pin of a sticky session, as its client is told of it. */
export interface PinView {
  /** From 1; rises each time the session moves to another exit. */
  readonly generation: number;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** A refusal as it goes on the wire. */
export interface RefusalBytes {
  readonly text: string;
  /** Whether the connection stays open for another try. */
  readonly keepOpen: boolean;
}

/** How one dialect, on one connection, says what became of an offer. */
export interface Answers {
  /** The head that opens the tunnel, ASCII. */
  established(requestId: string, exit: Exit, pin: PinView | undefined): string;
  /** `mayRetry`: the request left the connection in a state in which another can follow. */
  refused(failure: Failure, requestId: string, mayRetry: boolean): RefusalBytes;
}

/** What came of the bytes a client sent so far. */
export type Heard =
  | { readonly kind: 'more' }
  /** `rest`: a copy of what came after the offer, for the tunnel. */
  | { readonly kind: 'offer'; readonly offer: Offer; readonly mayRetry: boolean; readonly rest: Buffer }
  | { readonly kind: 'unreadable' };

/** One protocol on one connection, as a pure machine: bytes in, offers out. Keeps no reference to `bytes`. */
export interface OfferReader {
  push(bytes: Buffer): Heard;
  /** Whether bytes of an offer have come that is not complete yet. */
  readonly isInside: boolean;
}

/** What one listener speaks. */
export interface Door {
  readonly dialect: Dialect;
  readonly answers: Answers;
  openReader(): OfferReader;
}
