import type { MessageState, PlainRequest } from '../forwarding.ts';

/** The first bytes of a request on their way to the exit. */
export interface RequestOpening {
  readonly state: MessageState;
  /** The head, and what of the body had come with it: one piece of memory, so that it is one write. */
  readonly bytes: Buffer;
  readonly hasBody: boolean;
  /** What the client has sent behind the request. */
  readonly rest: Buffer;
}

const nothing = Buffer.alloc(0);

/** Opens a request with its head and `early`, what the client sent behind that. */
export function openRequest({ head, body }: PlainRequest, early: Buffer): RequestOpening {
  if (body.isDone) return { state: 'done', bytes: together(head, nothing, ''), hasBody: false, rest: early };
  const state = early.length === 0 ? 'more' : body.push(early, 0);
  if (state === 'broken') return { state, bytes: nothing, hasBody: false, rest: nothing };
  const passed = early.length === 0 ? nothing : early.subarray(0, body.passTo);
  const bytes = together(head, passed, state === 'done' ? body.tail : '');
  const rest = state === 'done' ? early.subarray(body.restAt) : nothing;
  return { state, bytes, hasBody: bytes.length > head.length, rest };
}

function together(head: string, body: Buffer, tail: string): Buffer {
  const bytes = Buffer.allocUnsafe(head.length + body.length + tail.length);
  bytes.write(head, 0, 'latin1');
  if (body.length > 0) body.copy(bytes, head.length);
  if (tail !== '') bytes.write(tail, head.length + body.length, 'latin1');
  return bytes;
}
