import { describe, expect, test } from 'vitest';
import { echoes, ScriptedExit } from './testing/scripted-exit.ts';
import { TestGateway } from './testing/test-gateway.ts';
import { eventually } from './testing/event-log.ts';

describe('a tunnel', () => {
  test('carries bytes both ways and counts each once', async () => {
    await using gateway = await TestGateway.start();
    await using exit = await ScriptedExit.start(echoes);
    gateway.addExit(exit.port);
    const wire = await gateway.open();
    wire.send('hello');
    expect((await wire.bytes(5)).toString()).toBe('hello');
    wire.finish();
    expect(await wire.ended).toBe('fin');
    await eventually(() => expect(gateway.tunnels).toHaveLength(1));
    expect(gateway.tunnels[0]).toMatchObject({ bytesUp: 5, bytesDown: 5, end: 'completed' });
    expect(gateway.meter.spenders[0]).toMatchObject({
      bytesUp: 5,
      bytesDown: 5,
      takenBytes: 10,
      untakenBytes: 0,
      ends: 1,
    });
  });
});
