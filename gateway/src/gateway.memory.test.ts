import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { eventually } from '../test-support/event-log.ts';
import { spawnGateway } from '../test-support/gateway-process.ts';
import { kernelSocket, windowProbeTimer } from '../test-support/kernel-socket.ts';
import { writePattern } from '../test-support/pattern.ts';
import { opensThen, ScriptedExit } from '../test-support/scripted-exit.ts';
import { destination } from '../test-support/test-gateway.ts';
import { connectRequest, Wire } from '../test-support/wire.ts';

const tunnels = 25;
/** Sent to each client, none of which reads: several times what kernels keep of it on the way. */
const sentBytes = 32_000_000;
/** What a gateway may hold of a stream in its memory: a read or two. */
const heldAtMostBytes = 262_144;
/** A window that was found closed by two probes is asked for a third after at least so long; by one, sooner. */
const heldBackMs = 400;
/** By how much a gateway grows that does its work at all. Without a bound it would be at 500 MB. */
const warmingUpBytes = 60_000_000;

/** What a process has in memory, and had at most so far, bytes. Source: proc_pid_status(5). */
async function memoryOf(pid: number): Promise<{ nowBytes: number; peakBytes: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+([0-9]+) kB$`, 'm').exec(status)?.[1]);
  return { nowBytes: kilobytes('VmRSS') * 1024, peakBytes: kilobytes('VmHWM') * 1024 };
}

test('the memory of a gateway is bounded by its tunnels, however much is sent to clients that read nothing', async () => {
  const sent = new Set<Socket>();
  const sending = new Set<Socket>();
  await using exit = await ScriptedExit.start(
    opensThen((socket) => {
      sending.add(socket);
      writePattern(socket, sentBytes).then(
        () => sent.add(socket),
        () => {},
      );
    }),
  );
  const gateway = await spawnGateway(exit.port);
  const before = await memoryOf(gateway.pid);
  const wires = await Promise.all(Array.from({ length: tunnels }, () => Wire.open(gateway.address)));
  for (const wire of wires) {
    wire.send(connectRequest(destination, { key: gateway.key }));
    expect((await wire.answer()).status).toBe(200);
    wire.socket.pause();
  }
  // Until the gateway takes nothing more of any stream, or has taken all of it.
  for (const socket of sending) {
    await eventually(() => {
      const side = kernelSocket(exit.port, socket.remotePort);
      const isHeldBack = side.timer === windowProbeTimer && side.timerMs > heldBackMs;
      expect(sent.has(socket) || isHeldBack).toBe(true);
    });
  }
  expect(sending.size).toBe(tunnels);
  const { peakBytes } = await memoryOf(gateway.pid);
  expect(peakBytes - before.nowBytes).toBeLessThan(tunnels * heldAtMostBytes + warmingUpBytes);
  // Or nothing was held back at all.
  expect(sent.size).toBeLessThan(tunnels);
  for (const wire of wires) wire.close();
});
