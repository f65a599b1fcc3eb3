import { createServer, TLSSocket, connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { makeCertificate } from '../../test-support/certificates.ts';
import { eventually } from '../../test-support/event-log.ts';
import { Received, pattern } from '../../test-support/pattern.ts';
import { socketPair } from '../../test-support/socket-pair.ts';
import type { LegReceiver } from './leg.ts';
import { ReadBuffers } from './read-buffers.ts';
import { SocketLeg } from './socket-leg.ts';

const silent: LegReceiver = { onBytes: () => true, onEnd: () => {}, onClose: () => {} };
/** More than the kernel takes for one connection. */
const size = 64_000_000;
/** A record of TLS counts as received when it is whole, and each is a little longer than what is in it. */
const recordBytes = 16_384;
const framing = 1.002;

/** Two connected sockets, with TLS between them. */
async function tlsPair() {
  const { certificate, key } = await makeCertificate();
  const { accepted, connecting } = await socketPair();
  const server = createServer({ cert: certificate, key });
  const secured = Promise.withResolvers<unknown>();
  server.once('secureConnection', secured.resolve);
  server.emit('connection', accepted);
  const client = connectTls({ socket: connecting, host: '127.0.0.1', ca: certificate });
  const served = await secured.promise;
  if (!(served instanceof TLSSocket)) throw new TypeError('not served');
  onTestFinished(() => {
    accepted.destroy();
    connecting.destroy();
  });
  return { served, client };
}

test.each(['accepted', 'connecting'])(
  'what the kernel has taken of a write is known over TLS too, to a record: %s',
  async (side) => {
    const { served, client } = await tlsPair();
    const [near, far] = side === 'accepted' ? [served, client] : [client, served];
    const leg = SocketLeg.ofAccepted(near, silent, new ReadBuffers(), undefined);
    const before = pattern(0, 100_000);
    near.write(before);
    const received = new Received(far);
    await eventually(() => {
      expect(received.bytes).toBe(before.length);
    });
    far.pause();

    const mark = leg.mark();
    near.write(pattern(before.length, size));
    let unaccepted = leg.unaccepted(size - before.length, mark);
    await eventually(() => {
      const now = leg.unaccepted(size - before.length, mark);
      const isStill = now === unaccepted;
      unaccepted = now;
      expect(isStill).toBe(true);
    });
    near.destroy();
    const accepted = size - (unaccepted ?? 0);
    expect(unaccepted).toBeGreaterThan(0);

    far.resume();
    await eventually(() => {
      expect(received.isOver).toBe(true);
    });
    expect(received.brokenAt).toBe(-1);
    expect(accepted).toBeGreaterThanOrEqual(received.bytes);
    expect(accepted).toBeLessThanOrEqual(received.bytes * framing + recordBytes);
  },
);
