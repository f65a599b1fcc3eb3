import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { allowLocal, openTunnel, portOf, startOrigin, token } from '../test-support/agent-fixture.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

/** The program as it is run, with its lines of events. */
function runAgent(env: Record<string, string>) {
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  let errors = '';
  child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()));
  return {
    child,
    nextEvent: async () => JSON.parse(String((await lines.next()).value)) as Record<string, unknown>,
    errors: () => errors,
  };
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'close');
  return child.exitCode;
}

test('the program says where it listens, serves, and ends with 0 after SIGTERM once its tunnels have', async () => {
  await using echo = await startOrigin((socket) => socket.pipe(socket));
  const agent = runAgent({
    MARVEL_AGENT_EXITS: JSON.stringify([
      { listen: '127.0.0.1:0', token, exit_ip: '127.0.0.2' },
      { listen: '127.0.0.1:0', token },
    ]),
    MARVEL_AGENT_POLICY: JSON.stringify(allowLocal([echo.port])),
  });
  const listening = await agent.nextEvent();
  expect(listening).toEqual({
    event: 'listening',
    exits: [
      { listen: expect.stringMatching(/^127\.0\.0\.1:[1-9]/) as string, exit_ip: '127.0.0.2' },
      { listen: expect.stringMatching(/^127\.0\.0\.1:[1-9]/) as string, exit_ip: null },
    ],
  });
  const [first] = listening['exits'] as readonly { listen: string }[];
  const { client, status } = await openTunnel(portOf(first?.listen ?? ''), `127.0.0.1:${echo.port}`);
  expect(status).toBe(200);

  agent.child.kill('SIGTERM');
  expect(await agent.nextEvent()).toEqual({ event: 'draining', connections: 1 });
  client.socket.end('last words');
  expect(await client.takeThrough('last words')).toBe('last words');
  expect(await agent.nextEvent()).toMatchObject({ event: 'tunnel', outcome: 'closed' });
  expect(await agent.nextEvent()).toEqual({ event: 'stopped', cut: 0 });
  expect(await exitCode(agent.child)).toBe(0);
  expect(agent.errors()).toBe('');
});

test('a wrong environment is told by name, without its secrets, and ends the program', async () => {
  const agent = runAgent({ MARVEL_AGENT_TOKEN: 'secret', MARVEL_AGENT_EXIT_IP: 'nowhere' });
  expect(await exitCode(agent.child)).toBe(1);
  expect(agent.errors().trimEnd().split('\n')).toEqual([
    'MARVEL_AGENT_TOKEN must be 16 to 512 visible ASCII characters',
    'MARVEL_AGENT_EXIT_IP must be an IPv4 or IPv6 address',
  ]);
});

test('an address that is taken is said so', async () => {
  await using taken = await startOrigin(() => {});
  const agent = runAgent({ MARVEL_AGENT_LISTEN: `127.0.0.1:${taken.port}`, MARVEL_AGENT_TOKEN: token });
  expect(await exitCode(agent.child)).toBe(1);
  expect(agent.errors()).toContain(`EADDRINUSE`);
  expect(agent.errors()).not.toContain(token);
});
