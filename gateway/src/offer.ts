import type { Exit, Network } from '@marvel/shared/exit';
import type { Failure, FailureCode } from '@marvel/shared/failures';
import type { Result } from '@marvel/shared/result';
import type { Dialect } from '@marvel/shared/usage-batch';
import type { PlainRequest } from './forwarding.ts';

/** What a client shows to say who it is. */
export type OfferedCredential =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'sub_user'; readonly username: string; readonly password: string }
  /** Nothing, where the address it comes from may say it. */
  | { readonly kind: 'source' }
  /** Nothing, or nothing that could be one of ours. */
  | { readonly kind: 'none' };

/** What a client asks of the exit, whatever the dialect it said it in. */
export interface ExitWish {
  readonly network: Network;
  /** Two letters, upper case; absent for any. */
  readonly country?: string;
  /** Where to go on to, in this order, while there is no exit in `country`. */
  readonly otherCountries?: readonly string[];
  /** Where no country is named: those that the exit may be in; absent for all. */
  readonly countries?: readonly string[];
  /** As in exit records. */
  readonly state?: string;
  readonly city?: string;
  /** 0 to 100. */
  readonly minPurity: number;
  /** Sticky session; absent for a rotating exit. */
  readonly session?: string;
  /** How long the session holds its exit, if not as long as usual. 1 to 1440. */
  readonly ttlMinutes?: number;
  /** What a sticky session does when its exit is lost. */
  readonly onExitLoss: 'repin' | 'fail';
  readonly exitIps?: ExitIpWish;
}

/** What a client asks of the address that an exit leaves by; only of rotating exits. As `canonicalHost` spells them. */
export interface ExitIpWish {
  /** This one or none. */
  readonly only?: string;
  /** This one while it is live. */
  readonly preferred?: string;
  readonly excluded?: ReadonlySet<string>;
}

/** Where a client wants to go. */
export interface Destination {
  /** One spelling per host, as `canonicalHost` gives it: no brackets, lower case. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** Who a client says it is, and what it asks of the exit: what all dialects take from a user name and a password. */
export interface SignIn {
  readonly credential: OfferedCredential;
  /** A mistake in it is told only to a client whose credential is good. */
  readonly wish: Result<ExitWish, FailureCode>;
}

/** What a client asks for, before any policy has looked at it: the same value for every protocol and dialect. */
export interface Offer extends SignIn {
  readonly dialect: Dialect;
  readonly destination: Destination;
}

/** The pin of a sticky session, as its client is told of it. */
export interface PinView {
  /** From 1; rises each time the session moves to another exit. */
  readonly generation: number;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** What goes to a client as it is on the wire; a string is ASCII. */
export type WireBytes = string | Buffer;

/** A refusal as it goes on the wire. */
export interface RefusalBytes {
  /** Empty where the protocol has no words for it. */
  readonly bytes: WireBytes;
  /** Whether the connection stays open for another try. */
  readonly keepOpen: boolean;
}

/** How one dialect, on one connection, says what became of an offer. */
export interface Answers {
  /** What opens the tunnel. */
  established(requestId: string, exit: Exit, pin: PinView | undefined): WireBytes;
  /** Field lines for the answer of a destination, where the protocol has answers with fields; each ends in CRLF. */
  forwarded?(requestId: string, exit: Exit, pin: PinView | undefined): string;
  /** `mayRetry`: the request left the connection in a state in which another can follow. */
  refused(failure: Failure, requestId: string, mayRetry: boolean): RefusalBytes;
}

/** What came of the bytes a client sent so far. */
export type Heard =
  | { readonly kind: 'more' }
  /** The protocol asks for an answer; then push again, if only an empty buffer: more may have come already. */
  | { readonly kind: 'reply'; readonly reply: WireBytes }
  /** Who the client is comes before what it wants: judge it, answer with `welcome` if it is good, and push again. */
  | { readonly kind: 'sign-in'; readonly signIn: SignIn; readonly welcome: WireBytes }
  /** `rest`: a copy of what came after the offer. `request`: what is to be forwarded, where no tunnel is asked for. */
  | {
      readonly kind: 'offer';
      readonly offer: Offer;
      readonly mayRetry: boolean;
      readonly rest: Buffer;
      readonly request?: PlainRequest | undefined;
    }
  /** What cannot become an offer, in a protocol that has a word of its own for it: say it and close. */
  | { readonly kind: 'rejected'; readonly code: FailureCode; readonly reply: WireBytes }
  | { readonly kind: 'unreadable' };

/** One protocol on one connection, as a pure machine: bytes in, offers out. Keeps no reference to `bytes`. */
export interface OfferReader {
  push(bytes: Buffer): Heard;
  /** Whether bytes of an offer have come that is not complete yet. */
  readonly isInside: boolean;
}

/** The two sides of what is said on one connection. */
export interface Conversation {
  readonly reader: OfferReader;
  readonly answers: Answers;
}

/** What one listener speaks. */
export interface Door {
  readonly listener: ListenerName;
  readonly dialect: Dialect;
  open(): Conversation;
}

/** The listeners that clients come to, as the metrics name them. */
export type ListenerName =
  | 'marvel'
  | 'marvel-tls'
  | 'socks5'
  | 'proxies-fo-residential'
  | 'proxies-fo-isp'
  | 'proxies-fo-datacenter'
  | 'proxymesh';
