/** A connection that has come and counts until it is gone; of TLS it is what TLS goes over. */
export interface Arrival {
  /** Called once, when it is gone. */
  onGone: (() => void) | undefined;
  destroy(): void;
}
