import { type Failure, failureEntry, failures } from '@marvel/shared/failures';
import type { Dialect } from '@marvel/shared/usage-batch';
import type { Answers, Heard, OfferReader, RefusalBytes, SignIn } from '../offer.ts';
import { Socks5Reader, socks5AuthReply, socks5Replies, socks5Reply } from './socks5-reader.ts';

/** How the dialect reads user name and password. */
export type ReadSignIn = (username: string, password: string) => SignIn;

const more: Heard = { kind: 'more' };
const unreadable: Heard = { kind: 'unreadable' };
const nothing = Buffer.alloc(0);
const welcome = socks5AuthReply(0);

/**
 * One client's conversation over SOCKS5: who it is comes first and is answered by itself, so where a refusal is said
 * depends on how far the conversation has come. Source: RFC 1928, RFC 1929, CONTRACT section 2.
 */
export class Socks5Conversation implements OfferReader, Answers {
  readonly #reader = new Socks5Reader();
  readonly #dialect: Dialect;
  readonly #readSignIn: ReadSignIn;
  /** What the client waits for an answer to. */
  #asked: 'nothing' | 'sign-in' | 'request' = 'nothing';
  #hasBegun = false;
  #signIn: SignIn | undefined;

  constructor(dialect: Dialect, readSignIn: ReadSignIn) {
    this.#dialect = dialect;
    this.#readSignIn = readSignIn;
  }

  get isInside(): boolean {
    return this.#hasBegun;
  }

  push(bytes: Buffer): Heard {
    this.#hasBegun ||= bytes.length > 0;
    this.#asked = 'nothing';
    const heard = this.#reader.push(bytes);
    switch (heard.kind) {
      case 'more':
        return more;
      case 'unreadable':
        return unreadable;
      case 'reply':
        return { kind: 'reply', reply: heard.reply };
      case 'failed':
        // Without a sign-in there is no credential; after it the request is the one thing that can be wrong.
        return {
          kind: 'rejected',
          code: this.#signIn === undefined ? 'unauthenticated' : 'bad_request',
          reply: heard.reply,
        };
      case 'credentials':
        this.#asked = 'sign-in';
        this.#signIn = this.#readSignIn(heard.username, heard.password);
        return { kind: 'sign-in', signIn: this.#signIn, welcome };
      case 'request': {
        this.#asked = 'request';
        // A request is heard after a sign-in only.
        if (this.#signIn === undefined) return unreadable;
        const offer = { dialect: this.#dialect, ...this.#signIn, destination: heard.destination };
        return { kind: 'offer', offer, mayRetry: false, rest: heard.rest };
      }
    }
  }

  established(): Buffer {
    return socks5Reply(socks5Replies.succeeded);
  }

  refused({ code }: Failure): RefusalBytes {
    return { bytes: this.#refusal(failureEntry(code).socks5 ?? failures.gateway_error.socks5), keepOpen: false };
  }

  #refusal(answer: NonNullable<ReturnType<typeof failureEntry>['socks5']>): Buffer {
    if (answer === 'close' || this.#asked === 'nothing') return nothing;
    if (this.#asked === 'sign-in') return socks5AuthReply('auth' in answer ? answer.auth : 1);
    // A credential that ended after its sign-in.
    return socks5Reply('reply' in answer ? answer.reply : socks5Replies.notAllowed);
  }
}
