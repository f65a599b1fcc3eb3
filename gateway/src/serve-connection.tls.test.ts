import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { makeCertificate, type TestCertificate } from '../test-support/certificates.ts';
import { eventually } from '../test-support/event-log.ts';
import { pattern, Received, writePattern } from '../test-support/pattern.ts';
import { echoes, opensThen, ScriptedExit } from '../test-support/scripted-exit.ts';
import { ScriptedUpstream } from '../test-support/scripted-upstream.ts';
import { credential, destination, TestGateway } from '../test-support/test-gateway.ts';
import { connectRequest, Wire } from '../test-support/wire.ts';

let first: TestCertificate;
let second: TestCertificate;
let folder: string;
let files: { readonly MARVEL_TLS_CERT: string; readonly MARVEL_TLS_KEY: string };
let gateway: TestGateway;
let exit: ScriptedExit;

/** Documented for `tls.connect`, missing in its types. */
const halfOpen: object = { allowHalfOpen: true };
/** What a record of TLS may add to its bytes, or hold back of them: a record counts as received only when it is whole. */
const recordBytes = 16_384 + 256;

beforeAll(async () => {
  [first, second] = await Promise.all([makeCertificate(), makeCertificate()]);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marvel-gateway-tls-'));
  files = { MARVEL_TLS_CERT: join(folder, 'cert.pem'), MARVEL_TLS_KEY: join(folder, 'key.pem') };
  await show(first);
  gateway = await TestGateway.start({ ...files, MARVEL_EXIT_CA: files.MARVEL_TLS_CERT });
  exit = await ScriptedExit.start(echoes);
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await exit[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function show({ certificate, key }: TestCertificate): Promise<void> {
  await writeFile(files.MARVEL_TLS_CERT, certificate);
  await writeFile(files.MARVEL_TLS_KEY, key);
}

function portOf(address: string | undefined): number {
  if (address === undefined) throw new Error('not open');
  return Number(address.split(':').at(-1));
}

interface TlsClient {
  readonly wire: Wire;
  readonly socket: TLSSocket;
  /** What is under the TLS. */
  readonly raw: Socket;
}

async function dial(ca = first.certificate, address = gateway.gateway.addresses.tls): Promise<TlsClient> {
  const raw = connect({ host: '127.0.0.1', port: portOf(address), ...halfOpen });
  const socket = connectTls({ socket: raw, host: '127.0.0.1', ca, ...halfOpen });
  const wire = Wire.over(socket);
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'secureConnect');
  return { wire, socket, raw };
}

/** Opens a tunnel over TLS. */
async function open(): Promise<TlsClient> {
  const client = await dial();
  client.wire.send(connectRequest(destination, { key: gateway.key }));
  expect((await client.wire.answer()).status).toBe(200);
  return client;
}

async function ended() {
  return eventually(() => {
    const [tunnel] = gateway.tunnels;
    if (tunnel === undefined) throw new Error('no tunnel has ended');
    const [spender] = gateway.meter.spenders;
    expect(spender).toMatchObject({ bytesUp: tunnel.bytesUp, bytesDown: tunnel.bytesDown, ends: 1 });
    expect((spender?.takenBytes ?? 0) - (spender?.untakenBytes ?? 0)).toBe(tunnel.bytesUp + tunnel.bytesDown);
    return tunnel;
  });
}

async function metric(name: string): Promise<string | undefined> {
  const text = await (await fetch(`http://${gateway.gateway.addresses.admin}/metrics`)).text();
  return text
    .split('\n')
    .find((line) => line.startsWith(name))
    ?.split(' ')
    .at(-1);
}

describe('the Marvel dialect over TLS', () => {
  test('refuses and lets a client try again as it does without', async () => {
    gateway.addExit(exit.port);
    const { wire } = await dial();
    wire.send(connectRequest(destination));
    expect((await wire.answer()).status).toBe(407);
    wire.send(connectRequest(destination, { key: gateway.key, target: 'country-US-city-nyc' }));
    const answer = await wire.answer();
    expect(answer.status).toBe(400);
    expect(answer.fields.get('x-marvel-error')).toBe('target_unknown_field');
    expect(await wire.drain()).toEqual({ bytes: 0, end: 'fin' });
  });

  test('bills what is inside, to the byte, whichever side ends first', async () => {
    const size = 3_000_000;
    exit.script = opensThen((socket) => {
      const received = new Received(socket);
      socket.on('end', () => {
        expect(received).toMatchObject({ bytes: size, brokenAt: -1 });
        socket.end(pattern(0, size));
      });
      socket.resume();
    });
    gateway.addExit(exit.port);
    const client = await open();
    const received = new Received(client.socket);
    await writePattern(client.socket, size);
    client.socket.end();
    await eventually(() => {
      expect(received).toMatchObject({ bytes: size, brokenAt: -1, hasEnded: true });
    });
    expect(await ended()).toMatchObject({ end: 'completed', dialect: 'marvel', bytesUp: size, bytesDown: size });
  });

  test('delivers a whole answer that ends before its client does', async () => {
    const size = 2_000_000;
    exit.script = opensThen((socket) => {
      socket.end(pattern(0, size));
      socket.resume();
    });
    gateway.addExit(exit.port);
    const client = await open();
    const received = new Received(client.socket);
    await eventually(() => {
      expect(received).toMatchObject({ bytes: size, brokenAt: -1, hasEnded: true });
    });
    client.socket.end('bye');
    expect(await ended()).toMatchObject({ end: 'completed', bytesUp: 3, bytesDown: size });
  });

  test('keeps in order what a client sends behind its request and what is glued to the exit’s answer', async () => {
    exit.script = (socket, _head, rest) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nfirst');
      if (rest.length > 0) socket.write(rest);
      socket.pipe(socket);
    };
    gateway.addExit(exit.port);
    const { wire } = await dial();
    wire.send(`${connectRequest(destination, { key: gateway.key })}early`);
    expect((await wire.answer()).status).toBe(200);
    expect((await wire.bytes(10)).toString()).toBe('firstearly');
  });

  test('stops reading the exit while its client does not read, and bills what the kernel has of it', async () => {
    let sent = 0;
    exit.script = opensThen((socket) => {
      socket.on('error', () => {});
      writePattern(socket, 100_000_000).then(
        (bytes) => (sent = bytes),
        () => {},
      );
    });
    gateway.addExit(exit.port);
    const client = await open();
    // The client reads nothing until the tunnel is cut; then it gets all that the kernel had taken.
    let before = -1;
    await eventually(async () => {
      const now = Number(await metric('marvel_gateway_relayed_bytes_total{direction="down"}'));
      const isStill = now === before && now > 0;
      before = now;
      expect(isStill).toBe(true);
    });
    gateway.fleet.removeKey(gateway.key);
    const tunnel = await ended();
    expect(tunnel.end).toBe('credential_ended');
    const received = new Received(client.socket);
    await eventually(() => {
      expect(received.isOver).toBe(true);
    });
    expect(received.brokenAt).toBe(-1);
    expect(tunnel.bytesDown).toBeGreaterThanOrEqual(received.bytes);
    expect(tunnel.bytesDown).toBeLessThanOrEqual(received.bytes + recordBytes);
    expect(sent).toBeLessThan(100_000_000);
  });

  test('bills at least what a client saw that resets, and gives back what it never got', async () => {
    exit.script = opensThen((socket) => {
      socket.on('error', () => {});
      writePattern(socket, 100_000_000).catch(() => {});
    });
    gateway.addExit(exit.port);
    const client = await open();
    const received = new Received(client.socket);
    await eventually(() => {
      expect(received.bytes).toBeGreaterThan(1_000_000);
    });
    client.raw.resetAndDestroy();
    const tunnel = await ended();
    expect(tunnel.end).toBe('client_lost');
    expect(tunnel.bytesDown).toBeGreaterThanOrEqual(received.bytes);
  });

  test('ends its tunnel when a client resets behind its own end, with the other side quiet', async () => {
    exit.script = opensThen((socket) => socket.resume());
    gateway.addExit(exit.port);
    const client = await open();
    client.socket.end('all I have to say');
    await eventually(() => {
      expect([...exit.sockets].some((socket) => socket.readableEnded)).toBe(true);
    });
    client.raw.resetAndDestroy();
    expect((await ended()).end).toBe('client_lost');
  });

  test('is told of as a listener of its own', async () => {
    await dial();
    expect(await metric('marvel_gateway_accepted_connections_total{listener="marvel-tls"}')).toBe('1');
    const raw = await Wire.open(gateway.gateway.addresses.tls ?? '');
    raw.send('CONNECT a:1 HTTP/1.1\r\n\r\n');
    await raw.drain();
    expect(await metric('marvel_gateway_tls_handshake_failures_total')).toBe('1');
    expect(Number(await metric('marvel_gateway_tls_certificate_expiry_timestamp_seconds'))).toBeGreaterThan(
      Date.now() / 1000,
    );
  });

  test('turns away a connection for which there is no room, before it says hello', async () => {
    await gateway[Symbol.asyncDispose]();
    gateway = await TestGateway.start({ ...files, MARVEL_MAX_TUNNELS: '1' });
    const address = gateway.gateway.addresses.tls ?? '';
    const many = await Promise.all(Array.from({ length: 65 }, () => Wire.open(address)));
    const wire = await Wire.open(address);
    expect(await wire.drain()).toMatchObject({ bytes: 0 });
    for (const one of many) one.close();
  });
});

describe('an exit with TLS', () => {
  test('bills what the kernel has of an upload that the exit does not read', async () => {
    let far: Socket | undefined;
    await using upstream = await ScriptedUpstream.start(async (client) => {
      await client.takeHead();
      await client.send(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'));
      far = client.socket;
    }, first);
    const { port } = upstream;
    gateway.addExit(port, {
      transport: { type: 'agent', host: '127.0.0.1', port, tls: true, token: 'token' },
    });
    const wire = await gateway.open();
    wire.socket.on('error', () => {});
    writePattern(wire.socket, 100_000_000).catch(() => {});
    let before = -1;
    await eventually(async () => {
      const now = Number(await metric('marvel_gateway_relayed_bytes_total{direction="up"}'));
      const isStill = now === before && now > 0;
      before = now;
      expect(isStill).toBe(true);
    });
    gateway.fleet.removeKey(gateway.key);
    const tunnel = await ended();
    if (far === undefined) throw new Error('not reached');
    const received = new Received(far);
    await eventually(() => {
      expect(received.isOver).toBe(true);
    });
    expect(received.brokenAt).toBe(-1);
    expect(tunnel.bytesUp).toBeGreaterThanOrEqual(received.bytes);
    expect(tunnel.bytesUp).toBeLessThanOrEqual(received.bytes + recordBytes);
  });

  test('carries both ways to the byte', async () => {
    const size = 2_000_000;
    await using upstream = await ScriptedUpstream.start(async (client) => {
      await client.takeHead();
      await client.send(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'));
      client.socket.pipe(client.socket);
    }, first);
    const { port } = upstream;
    gateway.addExit(port, {
      transport: { type: 'http-connect', host: 'localhost', port, tls: true },
    });
    const wire = await gateway.open();
    const received = new Received(wire.socket);
    await writePattern(wire.socket, size);
    wire.finish();
    await eventually(() => {
      expect(received).toMatchObject({ bytes: size, brokenAt: -1, hasEnded: true });
    });
    expect(await ended()).toMatchObject({ end: 'completed', bytesUp: size, bytesDown: size, credential });
  });
});

describe('a certificate', () => {
  test('is shown as soon as it is renewed, and tunnels that stand go on', async () => {
    gateway.addExit(exit.port);
    const before = await open();
    await show(second);
    await eventually(() => {
      expect(gateway.notes.map(({ event }) => event)).toContain('certificate_renewed');
    });
    await dial(second.certificate);
    before.wire.send('hello');
    expect((await before.wire.bytes(5)).toString()).toBe('hello');
  });

  test('that is renewed badly is told of, and the one before is shown on', async () => {
    await writeFile(files.MARVEL_TLS_KEY, 'nothing');
    await eventually(() => {
      expect(gateway.notes.map(({ event }) => event)).toContain('certificate_rejected');
    });
    const note = gateway.notes.find(({ event }) => event === 'certificate_rejected');
    expect(JSON.stringify(note)).not.toContain('nothing');
    await dial(first.certificate);
  });

  test('that is of no use stops the gateway at its start, and says which file', async () => {
    await writeFile(files.MARVEL_TLS_KEY, second.key);
    await expect(TestGateway.start(files)).rejects.toThrow(files.MARVEL_TLS_KEY);
  });
});

test('a gateway that drains closes TLS connections that ask for nothing, and lets tunnels end', async () => {
  gateway.addExit(exit.port);
  const idle = await dial();
  const busy = await open();
  const closing = gateway.gateway.close();
  expect(await idle.wire.drain()).toMatchObject({ bytes: 0 });
  busy.wire.send('hello');
  expect((await busy.wire.bytes(5)).toString()).toBe('hello');
  busy.wire.finish();
  await closing;
  expect(gateway.tunnels[0]).toMatchObject({ end: 'completed', bytesUp: 5, bytesDown: 5 });
});
