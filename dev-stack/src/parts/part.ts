/** Something of the stack that a test can take down and bring back on the same address. */
export interface Part {
  /** Ends it in order and waits until it has ended. Nothing happens when it is down. */
  stop(): Promise<void>;
  /** Brings it back and waits until it serves. Nothing happens when it is up. Errors: rejects with the end of its log. */
  start(): Promise<void>;
  /** Ends it as a crash would, without a word. */
  kill(): Promise<void>;
}
