import { once } from 'node:events';
import { expect, test } from 'vitest';
import {
  connectHead,
  openTunnel,
  startOrigin,
  startTestAgent,
  TestClient,
  testConfig,
} from '../test-support/agent-fixture.ts';

const loopback = (port: number) => `127.0.0.1:${port}`;
const startEcho = () => startOrigin((socket) => socket.pipe(socket));

test('a draining agent takes no new connection and lets open tunnels end by themselves', async () => {
  await using echo = await startEcho();
  await using agent = await startTestAgent(testConfig([echo.port]));
  const { client } = await openTunnel(agent.port, loopback(echo.port));
  const drained = agent.agent.drain();

  const late = TestClient.connect(agent.port);
  expect(await late.ended).toBe('closed');
  client.socket.write('still ');
  await client.takeThrough('still ');
  client.socket.end('there');
  expect(await client.takeThrough('there')).toBe('there');
  expect(await drained).toBe(0);
  expect(agent.events.map(({ event }) => event)).toEqual(['draining', 'tunnel', 'stopped']);
});

test('a request that was on its way when the drain began gets 503', async () => {
  await using agent = await startTestAgent(testConfig([]));
  const client = TestClient.connect(agent.port);
  client.socket.write('CONN');
  await once(client.socket, 'connect');
  // The other connection is answered after the first was accepted.
  (await openTunnel(agent.port, '10.0.0.1:443')).client.socket.end();
  const drained = agent.agent.drain();
  client.socket.write(connectHead('10.0.0.1:443').slice('CONN'.length));
  const answer = await client.takeThrough('\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 503 /);
  expect(answer).toContain('\r\nX-Marvel-Error: draining\r\n');
  client.socket.end();
  expect(await drained).toBe(0);
});

test('what has not ended when the drain time is over is cut', async () => {
  await using echo = await startEcho();
  await using agent = await startTestAgent(testConfig([echo.port], { drainTimeoutMs: 1 }));
  const { client } = await openTunnel(agent.port, loopback(echo.port));
  expect(await agent.agent.drain()).toBe(1);
  expect(await client.ended).toBe('reset');
});

test('a second drain waits for the same end', async () => {
  await using agent = await startTestAgent(testConfig([]));
  expect(await Promise.all([agent.agent.drain(), agent.agent.drain()])).toEqual([0, 0]);
  expect(agent.events.map(({ event }) => event)).toEqual(['draining', 'stopped']);
});

test('connections over the bound get 503, over all exits together, and the next one is served when one has ended', async () => {
  await using echo = await startEcho();
  const config = testConfig([echo.port], { maxConnections: 2 });
  await using agent = await startTestAgent({ ...config, exits: [...config.exits, ...config.exits] });
  const otherPort = Number(agent.agent.exits[1]?.listen.split(':')[1]);
  const first = await openTunnel(agent.port, loopback(echo.port));
  const second = await openTunnel(otherPort, loopback(echo.port));
  expect([first.status, second.status]).toEqual([200, 200]);

  const third = await openTunnel(agent.port, loopback(echo.port));
  expect(third.status).toBe(503);
  expect(third.answer).toContain('\r\nX-Marvel-Error: overloaded\r\n');
  expect(third.answer).toContain('\r\nRetry-After: 1\r\n');
  third.client.socket.end();
  first.client.socket.end();
  await Promise.all([once(third.client.socket, 'close'), agent.event('tunnel')]);

  const fourth = await openTunnel(agent.port, loopback(echo.port));
  expect(fourth.status).toBe(200);
  for (const { client } of [second, fourth]) client.socket.end();
});

test('without the token nobody learns that the agent is full', async () => {
  await using echo = await startEcho();
  await using agent = await startTestAgent(testConfig([echo.port], { maxConnections: 1 }));
  const first = await openTunnel(agent.port, loopback(echo.port));
  const second = await openTunnel(agent.port, loopback(echo.port), { authorization: null });
  expect(second.status).toBe(407);
  for (const { client } of [first, second]) client.socket.end();
});
