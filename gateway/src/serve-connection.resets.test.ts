import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../test-support/event-log.ts';
import { pattern } from '../test-support/pattern.ts';
import { echoes, opensThen, ScriptedExit } from '../test-support/scripted-exit.ts';
import { destination, TestGateway } from '../test-support/test-gateway.ts';
import { connectRequest, Wire } from '../test-support/wire.ts';
import type { EndReason } from './tunnel-end.ts';

let gateway: TestGateway;
let exit: ScriptedExit;
beforeEach(async () => {
  gateway = await TestGateway.start();
  exit = await ScriptedExit.start(echoes);
  gateway.addExit(exit.port);
});
// Disposing of the gateway fails where an error surfaced that nobody dealt with.
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await exit[Symbol.asyncDispose]();
});

/** Nothing of what was is left: no connection on either side, no tunnel, no bytes held; and the gateway serves. */
async function expectNothingLeft(): Promise<void> {
  await eventually(async () => {
    const metrics = await (await fetch(`http://${gateway.gateway.addresses.admin}/metrics`)).text();
    expect(metrics).toContain('marvel_gateway_tunnels 0\n');
    expect(metrics).toContain('marvel_gateway_connections 0\n');
    // An exit that has heard the end of its tunnel may keep its own side open for as long as it likes.
    expect([...exit.sockets].every(({ readableEnded, closed }) => readableEnded || closed)).toBe(true);
  });
  for (const { ends, takenBytes, untakenBytes, bytesUp, bytesDown } of gateway.meter.spenders) {
    expect(ends).toBe(1);
    expect(takenBytes - untakenBytes).toBe(bytesUp + bytesDown);
  }
  exit.script = echoes;
  const wire = await gateway.open();
  wire.send('still serving');
  expect((await wire.bytes(13)).toString()).toBe('still serving');
  wire.close();
}

async function untilDialled(): Promise<void> {
  await eventually(() => {
    expect(exit.heads.length).toBeGreaterThan(0);
  });
}

function plainRequest(): string {
  const credentials = Buffer.from(`${gateway.key}:country-US`).toString('base64');
  return `GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\nProxy-Authorization: Basic ${credentials}\r\n\r\n`;
}

/** How far a client gets before it resets; gives its connection. */
const clientStages: readonly (readonly [string, () => Promise<Wire>])[] = [
  ['before its head', async () => Wire.open(gateway.address)],
  [
    'in its head',
    async () => {
      const wire = await Wire.open(gateway.address);
      wire.send(connectRequest(destination, { key: gateway.key }).slice(0, 40));
      return wire;
    },
  ],
  [
    'after a refusal that lets it try again',
    async () => {
      const wire = await Wire.open(gateway.address);
      wire.send(connectRequest(destination));
      expect((await wire.answer()).status).toBe(407);
      return wire;
    },
  ],
  [
    'during the dial',
    async () => {
      exit.script = (socket) => socket.resume();
      const wire = await Wire.open(gateway.address);
      wire.send(connectRequest(destination, { key: gateway.key }));
      await untilDialled();
      return wire;
    },
  ],
  [
    // Beyond what is kept of it nothing more is read: it is found out by looking.
    'during the dial, having sent ahead',
    async () => {
      exit.script = (socket) => socket.resume();
      const wire = await Wire.open(gateway.address);
      wire.send(connectRequest(destination, { key: gateway.key }));
      wire.send(pattern(0, 200_000));
      await untilDialled();
      return wire;
    },
  ],
  [
    'during the dial, having ended behind a request in absolute-form',
    async () => {
      exit.script = (socket) => socket.resume();
      const wire = await Wire.open(gateway.address);
      wire.send(plainRequest());
      wire.finish();
      await untilDialled();
      return wire;
    },
  ],
  [
    'while a quiet destination is to answer, having ended behind a request in absolute-form',
    async () => {
      exit.script = opensThen((socket) => socket.resume());
      const wire = await Wire.open(gateway.address);
      wire.send(plainRequest());
      wire.finish();
      await eventually(() => {
        expect(gateway.meter.spenders).toHaveLength(1);
      });
      return wire;
    },
  ],
  ['right after its 200', async () => gateway.open()],
  [
    'in mid-stream, with both sides sending',
    async () => {
      exit.script = opensThen((socket) => {
        socket.resume();
        socket.write(pattern(0, 5_000_000));
      });
      const wire = await gateway.open();
      wire.send(pattern(0, 1_000_000));
      await wire.bytes(100_000);
      return wire;
    },
  ],
  [
    // Behind its end nothing is read any more: it is found out by looking.
    'half closed by itself, with the other side quiet',
    async () => {
      exit.script = opensThen((socket) => socket.resume());
      const wire = await gateway.open();
      wire.send('all I have to say');
      wire.finish();
      await eventually(() => {
        expect([...exit.sockets].some((socket) => socket.readableEnded)).toBe(true);
      });
      return wire;
    },
  ],
  [
    'half closed by the other side',
    async () => {
      exit.script = opensThen((socket) => {
        socket.end('all I have to say');
        socket.resume();
      });
      const wire = await gateway.open();
      await wire.bytes(17);
      await eventually(() => {
        expect(wire.socket.readableEnded || wire.socket.read() === null).toBe(true);
      });
      return wire;
    },
  ],
];

describe('a client that resets', () => {
  test.each(clientStages)('%s leaves nothing behind', async (_when, reach) => {
    const wire = await reach();
    wire.socket.resetAndDestroy();
    await expectNothingLeft();
  });
});

/** What an exit does after its 200, before it resets. */
const exitStages: readonly (readonly [string, EndReason, (wire: Wire) => Promise<void>])[] = [
  ['right after its 200', 'exit_lost', async () => {}],
  [
    'in mid-stream, with both sides sending',
    'exit_lost',
    async (wire) => {
      const [socket] = exit.sockets;
      socket?.write(pattern(0, 5_000_000));
      wire.send(pattern(0, 1_000_000));
      await wire.bytes(100_000);
      wire.socket.resume();
    },
  ],
  [
    'half closed by the client',
    'exit_lost',
    async (wire) => {
      wire.finish();
      await eventually(() => {
        expect([...exit.sockets].some((socket) => socket.readableEnded)).toBe(true);
      });
    },
  ],
  [
    'half closed by itself',
    'exit_lost',
    async (wire) => {
      const [socket] = exit.sockets;
      socket?.end('all I have to say');
      await wire.bytes(17);
    },
  ],
];

describe('an exit that resets', () => {
  test.each(exitStages)('%s ends its tunnel as %s and leaves nothing behind', async (_when, end, reach) => {
    exit.script = opensThen((socket) => socket.resume());
    const wire = await gateway.open();
    await reach(wire);
    for (const socket of exit.sockets) socket.resetAndDestroy();
    await wire.ended;
    await eventually(() => {
      expect(gateway.tunnels[0]?.end).toBe(end);
    });
    wire.close();
    await expectNothingLeft();
  });
});
