import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../test-support/event-log.ts';
import { openDescriptors, openedSince } from '../../test-support/open-descriptors.ts';
import { pattern, Received, writePattern } from '../../test-support/pattern.ts';
import type { Dialling, Leg, LegReceiver } from './leg.ts';
import { NativeLeg } from './native-leg.ts';
import { openNativeListener } from './native-listener.ts';
import { nativeEngine } from './native-sockets.ts';

const silent: LegReceiver = { onBytes: () => true, onEnd: () => {}, onClose: () => {} };
const megabyte = 1_000_000;

/** What a leg tells, one line each. */
function telling(lines: string[]): Dialling {
  return {
    onConnect: () => lines.push('connected'),
    onBytes: (bytes) => lines.push(bytes.toString('latin1')) > 0,
    onEnd: () => lines.push('ended'),
    onClose: (error) => lines.push(error?.code ?? 'closed'),
  };
}

/** An accepted leg, and its far end. */
async function accept(receiver: LegReceiver = silent, host = '127.0.0.1'): Promise<{ leg: Leg; far: Socket }> {
  const accepted = Promise.withResolvers<Leg>();
  const listener = await openNativeListener(nativeEngine(), { host, port: 0 }, (leg) => {
    leg.receiver = receiver;
    accepted.resolve(leg);
  });
  const port = Number(listener.address.slice(listener.address.lastIndexOf(':') + 1));
  const far = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  far.on('error', () => {});
  const leg = await accepted.promise;
  listener.close();
  onTestFinished(() => {
    leg.destroy();
    far.destroy();
  });
  return { leg, far };
}

test('bytes arrive in the order in which they were written, however and whenever that was', async () => {
  const { leg, far } = await accept({
    ...silent,
    // From inside of a batch, where writes are put off.
    onBytes: (bytes) => {
      leg.write('a');
      leg.write(Buffer.from('b'));
      leg.send(Buffer.from(bytes), false);
      leg.write('c'.repeat(20_000));
      leg.end('d');
      return true;
    },
  });
  const received: Buffer[] = [];
  far.on('data', (chunk: Buffer) => received.push(chunk));
  leg.write('0');
  far.write('x');
  await once(far, 'end');
  expect(Buffer.concat(received).toString()).toBe(`0abx${'c'.repeat(20_000)}d`);
});

test('its sender hears of every write that did not go at once, when all is accepted', async () => {
  let heard = 0;
  const { leg, far } = await accept({
    ...silent,
    onBytes: () => {
      expect(leg.send(Buffer.from('put off'), true)).toBe(false);
      expect([leg.unsentBytes, leg.unaccepted(7, 0), leg.isFlushed]).toEqual([7, 7, false]);
      // Which hastens the one before.
      leg.write(Buffer.alloc(100_000));
      return true;
    },
  });
  leg.sender = { onProgress: () => {}, onWritten: () => (heard += 1) };
  const received = new Received(far);
  far.write('x');
  await eventually(() => {
    expect([heard > 0, leg.isFlushed, received.bytes]).toEqual([true, true, 100_007]);
  });
});

test('a write of nothing is over at once, and of no other', async () => {
  const other = await accept();
  const { leg, far } = await accept({
    ...silent,
    onBytes: () => {
      expect([leg.send(Buffer.alloc(0), true), leg.isFlushed]).toEqual([true, true]);
      other.leg.send(Buffer.from('of another'), true);
      leg.destroy();
      return false;
    },
  });
  const received = new Promise((resolve) => other.far.once('data', (bytes: Buffer) => resolve(bytes.toString())));
  far.write('x');
  expect(await received).toBe('of another');
});

test('a last word is out, whatever ends the connection then', async () => {
  const { leg, far } = await accept({
    ...silent,
    onBytes: () => {
      leg.end('last word');
      leg.destroy();
      return false;
    },
  });
  const received = new Received(far);
  far.write('x');
  await once(far, 'end');
  expect(received.bytes).toBe(9);
});

test('an answer that was put off is out before a connection that is finished', async () => {
  const { leg, far } = await accept({
    ...silent,
    onBytes: () => {
      leg.write('answer');
      leg.finish();
      return false;
    },
  });
  const received = new Received(far);
  far.write('x');
  await once(far, 'end');
  expect(received.bytes).toBe(6);
});

test('what was put off and then destroyed was not accepted, and does not arrive', async () => {
  const lines: string[] = [];
  const { leg, far } = await accept({
    ...telling(lines),
    onBytes: () => {
      leg.send(Buffer.from('lost'), true);
      leg.destroy();
      return false;
    },
  });
  const received = new Received(far);
  far.write('x');
  await once(far, 'end');
  expect([received.bytes, leg.unaccepted(4, 0), lines]).toEqual([0, 4, ['closed']]);
});

test('what is written to who is gone was not accepted', async () => {
  const { leg } = await accept();
  leg.destroy();
  expect([leg.send(Buffer.from('lost'), true), leg.unaccepted(4, 0), leg.isFlushed]).toEqual([false, 4, false]);
});

test('nothing is read of who is gone, however much is there', async () => {
  const lines: string[] = [];
  const { leg, far } = await accept({ ...telling(lines), onBytes: () => lines.push('bytes') > 0 });
  far.pause();
  leg.send(Buffer.alloc(64 * megabyte), false);
  expect(leg.unsentBytes).toBeGreaterThan(0);
  await once(far, 'ready');
  // Both come before either is looked at: the write fails first.
  far.write(Buffer.alloc(megabyte));
  far.resetAndDestroy();
  await eventually(() => {
    expect(lines).toHaveLength(1);
  });
  expect(lines[0]).toMatch(/^E(PIPE|CONNRESET)$/);
});

test('urgent data is passed over, and what comes behind it is read', async () => {
  let read = '';
  const accepted = Promise.withResolvers<Leg>();
  const listener = await openNativeListener(nativeEngine(), { host: '127.0.0.1', port: 0 }, (leg) => {
    leg.receiver = { ...silent, onBytes: (bytes) => (read += bytes.toString('latin1')) !== '' };
    accepted.resolve(leg);
  });
  const port = listener.address.split(':').at(-1) ?? '';
  const program = `
import socket, sys
far = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
far.sendall(b'abc'); far.send(b'!', socket.MSG_OOB); far.sendall(b'defgh')
sys.stdin.read()`;
  const python = spawn('python3', ['-c', program, port]);
  onTestFinished(() => {
    listener.close();
    python.kill();
  });
  const leg = await accepted.promise;
  await eventually(() => {
    expect(read).toBe('abcdefgh');
  });
  leg.destroy();
});

test('an exit that refuses the connection, and one that there is no way to, are told by their codes', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not bound');
  server.close();
  await once(server, 'close');
  const [refused, noWay]: string[][] = [[], []];
  NativeLeg.dial(nativeEngine(), '127.0.0.1', address.port, telling(refused ?? []));
  NativeLeg.dial(nativeEngine(), 'not an address', 1, telling(noWay ?? []));
  // Never from inside of the call.
  expect([refused, noWay]).toEqual([[], []]);
  await eventually(() => {
    expect([refused, noWay]).toEqual([['ECONNREFUSED'], ['EINVAL']]);
  });
});

test('an address that is in use is refused with the code, and the address, that Node would give', async () => {
  const engine = nativeEngine();
  const first = await openNativeListener(engine, { host: '127.0.0.1', port: 0 }, () => {});
  onTestFinished(() => {
    first.close();
  });
  const port = Number(first.address.split(':').at(-1));
  await expect(openNativeListener(engine, { host: '127.0.0.1', port }, () => {})).rejects.toMatchObject({
    code: 'EADDRINUSE',
    message: `listen EADDRINUSE: address already in use ${first.address}`,
  });
});

test('processes may share an address where they all say so', async () => {
  const engine = nativeEngine();
  const first = await openNativeListener(engine, { host: '127.0.0.1', port: 0, reusePort: true }, () => {});
  const port = Number(first.address.split(':').at(-1));
  const second = await openNativeListener(engine, { host: '127.0.0.1', port, reusePort: true }, () => {});
  expect(second.address).toBe(first.address);
  first.close();
  second.close();
});

test('a listener of IPv6 takes clients of IPv4 too, and knows them by their address', async () => {
  const { leg } = await accept(silent, '::');
  expect(leg.address).toBe('127.0.0.1');
});

test('a reset is found while nothing is read, when somebody looks, and not before', async () => {
  const lines: string[] = [];
  const { leg, far } = await accept(telling(lines));
  leg.stop();
  far.write('unread');
  await once(far, 'connect');
  far.resetAndDestroy();
  await once(far, 'close');
  await new Promise(setImmediate);
  expect(lines).toEqual([]);
  await eventually(() => {
    leg.probe();
    expect(lines).toEqual(['ECONNRESET']);
  });
});

test('streams that are cut in their middle leave no pipe and no descriptor behind', async () => {
  const engine = nativeEngine();
  engine.module.tidy();
  const before = await openDescriptors();
  for (let round = 0; round < 20; round += 1) {
    const source = await accept();
    const sink = await accept();
    // Nothing is read: what the sink's kernel does not take stays in a pipe.
    source.leg.stop();
    sink.far.pause();
    const wrote = writePattern(source.far, 20 * megabyte);
    await eventually(() => {
      if (sink.leg.canSplice(source.leg)) sink.leg.splice(source.leg, megabyte);
      expect(sink.leg.unsentBytes).toBeGreaterThan(0);
    });
    source.leg.destroy();
    sink.leg.destroy();
    await wrote;
    sink.far.destroy();
    source.far.destroy();
  }
  await eventually(async () => {
    engine.module.tidy();
    expect(await openedSince(before)).toEqual([]);
  });
});

test('what is spliced is what was sent, byte for byte, and the rest of it is read', async () => {
  const source = await accept();
  const sink = await accept();
  let spliced = 0;
  source.leg.receiver = {
    onBytes: (bytes, lent) => sink.leg.send(bytes, lent),
    onUnread: (bytes) => {
      const moved = sink.leg.splice(source.leg, bytes);
      spliced += moved?.taken ?? 0;
      return moved === undefined ? undefined : moved.taken === moved.accepted;
    },
    onEnd: () => {
      sink.leg.end();
    },
    onClose: () => {},
  };
  sink.leg.sender = {
    onProgress: () => {},
    onWritten: () => {
      source.leg.resume();
    },
  };
  const received = new Received(sink.far);
  await writePattern(source.far, 30 * megabyte);
  source.far.end(pattern(30 * megabyte, 30 * megabyte + 10));
  await eventually(() => {
    expect(received).toMatchObject({ bytes: 30 * megabyte + 10, brokenAt: -1, hasEnded: true });
  });
  expect(spliced).toBeGreaterThan(10 * megabyte);
});
