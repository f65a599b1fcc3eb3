import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { eventually } from '../test-support/event-log.ts';
import { kernelSocket } from '../test-support/kernel-socket.ts';
import { Received, writePattern } from '../test-support/pattern.ts';
import { ScriptedExit } from '../test-support/scripted-exit.ts';
import { leadsTo, ok, takeRequest } from '../test-support/scripted-origin.ts';
import { destination, TestGateway } from '../test-support/test-gateway.ts';
import { connectRequest, Wire } from '../test-support/wire.ts';

// How much is kept of a client that sends ahead of what it can be served.

const sentBytes = 10_000_000;
/** What is documented, and the one read in which it was passed. */
const keptAtMostBytes = 65_536 + 131_072;
/** Turns of the event loop in which a client got nothing off after which it is taken to be held up. */
const stillTurns = 200;

/** Waits until the kernel takes nothing more of a client; gives how many of its bytes the gateway has read by then. */
async function readOf({ socket }: Wire): Promise<number> {
  const taken = (): number => socket.bytesWritten - socket.writableLength;
  let before = -1;
  for (let turns = 0; turns < stillTurns; turns = before === taken() ? turns + 1 : 0) {
    before = taken();
    await new Promise(setImmediate);
  }
  const { localPort, remotePort } = socket;
  const { unacknowledgedBytes } = kernelSocket(localPort, remotePort);
  return taken() - unacknowledgedBytes - kernelSocket(remotePort, localPort).unreadBytes;
}

async function expectAll(received: Received | undefined): Promise<void> {
  await eventually(() => {
    expect(received).toMatchObject({ bytes: sentBytes, brokenAt: -1 });
  });
}

test('while its exit is dialled, no more than 64 KiB and one read is kept of what it sends, and all of it arrives in order', async () => {
  await using gateway = await TestGateway.start();
  const asked = Promise.withResolvers<Socket>();
  await using exit = await ScriptedExit.start((socket) => {
    asked.resolve(socket);
  });
  gateway.addExit(exit.port);
  const wire = await Wire.open(gateway.address);
  wire.send(connectRequest(destination, { key: gateway.key }));
  const sending = writePattern(wire.socket, sentBytes);
  const far = await asked.promise;
  await eventually(async () => {
    expect(await readOf(wire)).toBeLessThanOrEqual(keptAtMostBytes);
  });
  const received = new Received(far);
  far.write('HTTP/1.1 200 OK\r\n\r\n');
  far.resume();
  expect(await sending).toBe(sentBytes);
  await expectAll(received);
  wire.close();
});

test('while its request waits for an answer, no more than that is kept of what it sends behind it, and all of it arrives in order', async () => {
  await using gateway = await TestGateway.start();
  const asked = Promise.withResolvers<void>();
  const mayAnswer = Promise.withResolvers<void>();
  let received: Received | undefined;
  await using exit = await ScriptedExit.start(
    leadsTo(async (client) => {
      await takeRequest(client);
      asked.resolve();
      await mayAnswer.promise;
      await client.send(Buffer.from(ok('hello')));
      await client.takeHead();
      received = new Received(client.socket);
    }),
  );
  gateway.addExit(exit.port);
  const wire = await Wire.open(gateway.address);
  const basic = Buffer.from(`${gateway.key}:country-US`).toString('base64');
  const common = `http://example.com/ HTTP/1.1\r\nHost: example.com\r\nProxy-Authorization: Basic ${basic}\r\n`;
  wire.send(`GET ${common}\r\nPOST ${common}Content-Length: ${sentBytes}\r\n\r\n`);
  const sending = writePattern(wire.socket, sentBytes);
  await asked.promise;
  await eventually(async () => {
    expect(await readOf(wire)).toBeLessThanOrEqual(keptAtMostBytes);
  });
  mayAnswer.resolve();
  expect((await wire.answer()).body).toBe('hello');
  expect(await sending).toBe(sentBytes);
  await expectAll(received);
  wire.close();
});
