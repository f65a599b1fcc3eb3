/** What came of the bytes of a message so far. `broken`: its framing cannot be relied on, and nothing of these bytes may go on. */
export type MessageState = 'more' | 'done' | 'broken';

/** Where the body of a message ends, as a pure machine over the bytes as they come. Keeps no reference to them. */
export interface Body {
  /** Whether there is nothing to come. */
  readonly isDone: boolean;
  /** Of the last bytes pushed: how far they go on as they are. */
  readonly passTo: number;
  /** Of the last bytes pushed, when they ended the body: where what comes after it begins. */
  readonly restAt: number;
  /** What goes on after the part that passes; ASCII or Latin-1. */
  readonly tail: string;
  push(bytes: Buffer, from: number): MessageState;
  /** The sender will send no more. */
  end(): MessageState;
}

/** The answer to a request, from its first byte to its last, as a pure machine. */
export interface PlainResponse {
  /** Of the final head; 0 until it has come. */
  readonly status: number;
  /** Whether anything has come. */
  readonly hasBegun: boolean;
  /** What of the last bytes pushed goes to the client. */
  readonly out: Buffer;
  /** Whether `out` is memory of its own; otherwise it lies within the bytes pushed. */
  readonly ownsOut: boolean;
  /** Whether another request may follow on the client's connection, and on the exit's. Known when it is done. */
  readonly keepsClient: boolean;
  readonly keepsExit: boolean;
  /** `isLast`: no request can follow on the client's connection, so its head has to say so. */
  push(bytes: Buffer, isLast: boolean): MessageState;
  /** The exit will send no more. */
  end(): MessageState;
  /** `out` is needed no longer. */
  letGo(): void;
}

/** An absolute-form request, ready to go on to its destination. */
export interface PlainRequest {
  readonly method: string;
  /** As it is sent on; Latin-1. */
  readonly head: string;
  /** Whether sending it twice does the same as once. Source: RFC 9110 section 9.2.2. */
  readonly isIdempotent: boolean;
  readonly body: Body;
  /** Begins to read the answer. `fields`: field lines to add to it, each ending in CRLF. */
  answer(fields: string): PlainResponse;
}
