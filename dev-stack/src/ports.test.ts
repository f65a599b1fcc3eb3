import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { openListener } from './listener.ts';
import { checkPorts, describePortProblem, reservePorts, type WantedPort } from './ports.ts';

function wantedPort(part: string, port: number): WantedPort {
  return { part, port, option: `--${part}-port`, env: `MARVEL_${part.toUpperCase()}_PORT` };
}

describe('checkPorts', () => {
  test('free ports pass', async () => {
    await using reservation = await reservePorts(['api', 'echo']);
    const { api, echo } = reservation.ports;
    expect(await checkPorts([wantedPort('api', api), wantedPort('echo', echo)])).toEqual({
      ok: true,
      value: undefined,
    });
  });

  test('every busy port is named with the part that wants it and both ways to change it', async () => {
    await using first = await openListener(createServer(), { port: 0 });
    await using second = await openListener(createServer(), { port: 0, host: '0.0.0.0' });
    await using reservation = await reservePorts(['free']);
    const wanted = [
      wantedPort('api', first.port),
      wantedPort('free', reservation.ports.free),
      wantedPort('echo', second.port),
    ];

    const checked = await checkPorts(wanted);

    expect(checked.ok ? [] : checked.error.map((problem) => describePortProblem(problem))).toEqual([
      `Port ${first.port}, wanted by api, is in use by another program. Choose another with --api-port <port> or MARVEL_API_PORT=<port>.`,
      `Port ${second.port}, wanted by echo, is in use by another program. Choose another with --echo-port <port> or MARVEL_ECHO_PORT=<port>.`,
    ]);
  });

  test('two parts that want one port are both named', async () => {
    await using reservation = await reservePorts(['api']);
    const { api } = reservation.ports;
    const checked = await checkPorts([wantedPort('api', api), wantedPort('echo', api)]);
    expect(checked.ok ? [] : checked.error.map((problem) => describePortProblem(problem))).toEqual([
      `Port ${api} is wanted by both api and echo. Choose another with --echo-port <port> or MARVEL_ECHO_PORT=<port>.`,
    ]);
  });
});

describe('reservePorts', () => {
  test('reservations held at the same time never share a port, and each port can be listened on', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `part-${index}`);
    const reservations = await Promise.all(Array.from({ length: 10 }, async () => reservePorts(names)));
    await using held = new AsyncDisposableStack();
    for (const reservation of reservations) held.use(reservation);
    const ports = reservations.flatMap((reservation) => Object.values(reservation.ports));
    expect(new Set(ports).size).toBe(80);
    const [port] = ports;
    await using listener = await openListener(createServer(), { port: port ?? 0 });
    expect(listener.port).toBe(port);
  });
});
