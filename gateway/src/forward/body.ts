import type { Body, MessageState } from '../forwarding.ts';

/** A body of no bytes: what comes is something else. */
export const noBody: Body = {
  isDone: true,
  passTo: 0,
  restAt: 0,
  tail: '',
  push: () => 'broken',
  end: () => 'done',
};

/** A body of as many bytes as were announced. */
export class SizedBody implements Body {
  passTo = 0;
  restAt = 0;
  readonly tail = '';
  #leftBytes: number;

  constructor(bytes: number) {
    this.#leftBytes = bytes;
  }

  get isDone(): boolean {
    return this.#leftBytes === 0;
  }

  push(bytes: Buffer, from: number): MessageState {
    const part = Math.min(this.#leftBytes, bytes.length - from);
    this.#leftBytes -= part;
    this.passTo = from + part;
    this.restAt = this.passTo;
    return this.#leftBytes === 0 ? 'done' : 'more';
  }

  end(): MessageState {
    return this.isDone ? 'done' : 'broken';
  }
}

/** A body that lasts as long as its connection. */
export class EndlessBody implements Body {
  readonly isDone = false;
  passTo = 0;
  readonly restAt = 0;
  readonly tail = '';

  push(bytes: Buffer): MessageState {
    this.passTo = bytes.length;
    return 'more';
  }

  end(): MessageState {
    return 'done';
  }
}
