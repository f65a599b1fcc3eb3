import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { OriginReader } from './origin-reader.ts';

/** What a socket is to a reader, with a kernel that takes bytes when it is told to. */
class ScriptedSocket extends Duplex {
  /** Writes not taken yet, each with what it held when it was made. */
  readonly pending: { readonly bytes: Buffer; readonly asWritten: Buffer; readonly done: () => void }[] = [];
  readonly taken: Buffer[] = [];
  isFull = false;
  isReading = true;

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.pending.push({ bytes, asWritten: Buffer.from(bytes), done });
    if (!this.isFull) this.takeOne();
  }

  takeOne(): void {
    const write = this.pending.shift();
    if (write === undefined) return;
    if (!write.bytes.equals(write.asWritten)) throw new Error('the bytes of a pending write have changed');
    this.taken.push(write.asWritten);
    write.done();
  }

  override resume(): this {
    this.isReading = true;
    return this;
  }
}

class Tunnel {
  readonly reader = new OriginReader();
  readonly from = new ScriptedSocket();
  readonly to = new ScriptedSocket();
  readonly read: Buffer[] = [];

  constructor() {
    // The reader asks of its sockets no more than a Duplex has.
    this.reader.start(this.from as unknown as Socket, this.to as unknown as Socket);
  }

  /** What the event loop does with a readable descriptor. */
  receive(bytes: Buffer): void {
    if (!this.from.isReading) return;
    const { onread } = this.reader;
    const into = typeof onread.buffer === 'function' ? onread.buffer() : onread.buffer;
    into.set(bytes);
    this.read.push(bytes);
    this.from.isReading = onread.callback(bytes.length, into);
  }
}

const tunnelCount = 4;
const Step = fc.record({
  tunnel: fc.nat(tunnelCount - 1),
  act: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(1, 100, 16_383, 16_384, 65_536) },
    { weight: 2, arbitrary: fc.constantFrom('fill' as const, 'empty' as const, 'take' as const) },
  ),
});

test('whatever is read and whenever it is taken, each tunnel gives on its own bytes, in order, unchanged', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(Step, { maxLength: 60 }), async (steps) => {
      const tunnels = Array.from({ length: tunnelCount }, () => new Tunnel());
      for (const [index, { tunnel: number, act }] of steps.entries()) {
        const tunnel = tunnels[number];
        if (tunnel === undefined) continue;
        if (act === 'fill') tunnel.to.isFull = true;
        else if (act === 'empty') tunnel.to.isFull = false;
        else if (act === 'take') tunnel.to.takeOne();
        else tunnel.receive(Buffer.alloc(act, index + 1));
        await new Promise((resolve) => setImmediate(resolve));
      }
      for (const { to, read } of tunnels) {
        to.isFull = false;
        while (to.pending.length > 0) {
          to.takeOne();
          await new Promise((resolve) => setImmediate(resolve));
        }
        expect(Buffer.concat(to.taken).equals(Buffer.concat(read))).toBe(true);
      }
    }),
  );
});

test('a reader waits while what it wrote is not taken, and goes on when it is', async () => {
  const tunnel = new Tunnel();
  tunnel.to.isFull = true;
  tunnel.receive(Buffer.alloc(1));
  expect(tunnel.from.isReading).toBe(false);
  tunnel.to.takeOne();
  await new Promise((resolve) => setImmediate(resolve));
  expect(tunnel.from.isReading).toBe(true);
});
