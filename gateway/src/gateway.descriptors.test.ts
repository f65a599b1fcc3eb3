import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { eventually } from '../test-support/event-log.ts';
import { echoes, ScriptedExit } from '../test-support/scripted-exit.ts';
import { destination } from '../test-support/test-gateway.ts';
import { connectRequest, Wire } from '../test-support/wire.ts';

const child = fileURLToPath(new URL('../test-support/gateway-child.ts', import.meta.url));
const Started = v.object({ address: v.string(), key: v.string() });

test('a gateway out of file descriptors sheds, keeps what it has, and recovers', async () => {
  await using exit = await ScriptedExit.start(echoes);
  const command = `ulimit -n 80; exec "$0" "$@"`;
  const gateway = spawn('sh', ['-c', command, process.execPath, child, String(exit.port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const line = await new Promise<unknown>((resolve) => gateway.stdout.once('data', resolve));
    const { address, key } = v.parse(Started, JSON.parse(String(line)));
    const kept = await Wire.open(address);
    kept.send(connectRequest(destination, { key }));
    expect((await kept.answer()).status).toBe(200);

    const crowd = await Promise.all(Array.from({ length: 200 }, () => Wire.open(address)));
    await eventually(() => {
      expect(crowd.some((wire) => wire.socket.readableEnded || wire.socket.destroyed)).toBe(true);
    });
    // The last descriptors are those of connections without a request: one of them asks, and cannot be dialled for.
    const [first] = crowd.filter((wire) => !wire.socket.readableEnded && !wire.socket.destroyed);
    first?.send(connectRequest(destination, { key }));
    expect((await first?.answer())?.fields.get('x-marvel-error')).toBe('overloaded');
    kept.send('hello');
    expect((await kept.bytes(5)).toString()).toBe('hello');

    for (const wire of crowd) wire.close();
    await eventually(async () => {
      const wire = await Wire.open(address);
      wire.send(connectRequest(destination, { key }));
      expect((await wire.answer()).status).toBe(200);
      wire.close();
    });
    kept.send('again');
    expect((await kept.bytes(5)).toString()).toBe('again');
    kept.close();
  } finally {
    gateway.kill('SIGKILL');
  }
});
