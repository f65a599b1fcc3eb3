import { expect, test } from 'vitest';
import { describePort, portNames } from '../stack-ports.ts';
import { readArguments, usage } from './arguments.ts';

test('without arguments: one gateway, the known ports, state that lives on', () => {
  expect(readArguments([], {})).toEqual({
    ok: true,
    value: { help: false, ephemeral: false, gateways: 1, processes: 1, stateDirectory: undefined, ports: {} },
  });
});

test('options win over variables, and an empty variable is one that is not set', () => {
  const environment = { MARVEL_PORT_API: '1', MARVEL_PORT_NEON_FRONT: '2', MARVEL_PORT_ECHO: '', MARVEL_STATE: '/one' };
  const args = ['--', '--port-api', '3', '--gateways=4', '--processes', '2', '--ephemeral', '--state', '/two'];
  expect(readArguments(args, environment)).toEqual({
    ok: true,
    value: {
      help: false,
      ephemeral: true,
      gateways: 4,
      processes: 2,
      stateDirectory: '/two',
      ports: { api: 3, neon_front: 2 },
    },
  });
});

test.each([
  [['--port-api', '65536'], {}, '--port-api: expected a port from 1 to 65535.'],
  [['--port-echo=0'], {}, '--port-echo: expected a port from 1 to 65535.'],
  [[], { MARVEL_PORT_STRIPE: 'high' }, 'MARVEL_PORT_STRIPE: expected a port from 1 to 65535.'],
  [['--gateways', '0'], {}, '--gateways: expected a number from 1 to 32.'],
  [['--gateways', '-1'], {}, "Option '--gateways' argument is ambiguous."],
  [['--gateway', '2'], {}, "Unknown option '--gateway'"],
  [['fast'], {}, "Unexpected argument 'fast'"],
])('%j with %j is refused with its name', (args, environment, reason) => {
  const result = readArguments(args, environment);
  expect(result.ok ? '' : result.error).toContain(reason);
});

test('the help names every port with its part and default', () => {
  for (const name of portNames) {
    const { part, port } = describePort(name);
    expect(usage()).toContain(`${part}; default ${port}; or MARVEL_PORT_${name.toUpperCase()}`);
  }
});
