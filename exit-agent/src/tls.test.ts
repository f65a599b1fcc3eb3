import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import type { AgentConfig } from './config.ts';
import { connectHead, startOrigin, startTestAgent, TestClient, testConfig } from '../test-support/agent-fixture.ts';
import { certificate, privateKey } from '../test-support/loopback-certificate.ts';

async function tlsFiles(): Promise<NonNullable<AgentConfig['tls']>> {
  const folder = await mkdtemp(join(tmpdir(), 'marvel-exit-agent-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  await writeFile(files.certFile, certificate);
  await writeFile(files.keyFile, privateKey);
  return files;
}

const dialTls = (port: number) => new TestClient(connect({ host: '127.0.0.1', port, ca: certificate }));

test('over TLS a tunnel carries all bytes both ways and forwards each end by itself', async () => {
  const answer = Buffer.alloc(2_000_000, 'answer');
  await using origin = await startOrigin((socket) => {
    let asked = 0;
    socket.on('data', (bytes: Buffer) => (asked += bytes.length));
    socket.once('end', () => socket.end(Buffer.concat([Buffer.from(`${asked} `), answer])));
  });
  await using agent = await startTestAgent(testConfig([origin.port], { tls: await tlsFiles() }));
  const client = dialTls(agent.port);
  client.socket.write(connectHead(`127.0.0.1:${origin.port}`));
  expect(await client.takeThrough('\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  client.socket.end(Buffer.alloc(3_000_000));
  expect(await client.ended).toBe('end');
  expect(client.received.equals(Buffer.concat([Buffer.from('3000000 '), answer]))).toBe(true);
  expect(await agent.event('tunnel')).toMatchObject({ outcome: 'closed', bytes_up: 3_000_000 });
});

test('over TLS a refusal is read whole', async () => {
  await using agent = await startTestAgent(testConfig([], { tls: await tlsFiles() }));
  const client = dialTls(agent.port);
  client.socket.write(connectHead('10.0.0.1:443'));
  expect(await client.takeThrough('\r\n\r\n')).toMatch(/^HTTP\/1\.1 403 /);
  expect(await client.ended).toBe('end');
  client.socket.end();
});

test('over TLS an origin that resets cuts the client, and a drain cuts what is left', async () => {
  await using origin = await startOrigin((socket) => socket.once('data', () => socket.resetAndDestroy()));
  await using agent = await startTestAgent(testConfig([origin.port], { tls: await tlsFiles(), drainTimeoutMs: 1 }));
  const open = async () => {
    const client = dialTls(agent.port);
    client.socket.write(connectHead(`127.0.0.1:${origin.port}`));
    await client.takeThrough('\r\n\r\n');
    return client;
  };
  const [first, second] = [await open(), await open()];
  first.socket.write('now');
  expect(await agent.event('tunnel')).toMatchObject({ outcome: 'reset' });
  expect(await agent.agent.drain()).toBe(1);
  await Promise.all([first.ended, second.ended]);
});

test('what speaks no TLS to a TLS listener is dropped and harms nobody', async () => {
  await using agent = await startTestAgent(testConfig([], { tls: await tlsFiles() }));
  const plain = TestClient.connect(agent.port);
  plain.socket.write(connectHead('10.0.0.1:443'));
  expect(await plain.takeThrough('\r\n\r\n')).not.toContain('HTTP');
  plain.socket.end();
  expect(await agent.agent.drain()).toBe(0);
});
