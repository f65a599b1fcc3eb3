import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { expect, test } from 'vitest';
import { makeCertificate } from '../test-support/certificates.ts';
import { eventually } from '../test-support/event-log.ts';
import { spawnGateway } from '../test-support/gateway-process.ts';
import { echoes, ScriptedExit } from '../test-support/scripted-exit.ts';
import { temporaryDirectory } from '../test-support/temporary-directory.ts';
import { destination } from '../test-support/test-gateway.ts';
import { connectRequest, Wire } from '../test-support/wire.ts';

/** A gateway with a certificate and few descriptors, in a process of its own. */
async function startGateway(exitPort: number) {
  const { certificate, key } = await makeCertificate();
  const directory = await temporaryDirectory();
  const files = { MARVEL_TLS_CERT: join(directory, 'cert.pem'), MARVEL_TLS_KEY: join(directory, 'key.pem') };
  await writeFile(files.MARVEL_TLS_CERT, certificate);
  await writeFile(files.MARVEL_TLS_KEY, key);
  return { ...(await spawnGateway(exitPort, files, 'ulimit -n 80')), certificate };
}

type Started = Awaited<ReturnType<typeof startGateway>>;

/** What there is to each door: where it is, and how a connection to it comes to say something. */
const doors: readonly (readonly [
  string,
  (gateway: Started) => string,
  (gateway: Started, raw: Wire) => Promise<Wire>,
])[] = [
  ['its plain door', ({ address }) => address, (_gateway, raw) => Promise.resolve(raw)],
  [
    'its door with TLS',
    ({ tlsAddress }) => tlsAddress,
    async ({ certificate }, raw) => {
      const socket: Socket = connectTls({ socket: raw.socket, host: '127.0.0.1', ca: certificate });
      const wire = Wire.over(socket);
      await once(socket, 'secureConnect');
      return wire;
    },
  ],
];

test.each(doors)(
  'a gateway out of file descriptors at %s sheds, keeps what it has, and recovers',
  async (_which, addressOf, speak) => {
    await using exit = await ScriptedExit.start(echoes);
    const gateway = await startGateway(exit.port);
    const request = connectRequest(destination, { key: gateway.key });
    const open = async (): Promise<Wire> => speak(gateway, await Wire.open(addressOf(gateway)));
    const kept = await open();
    kept.send(request);
    expect((await kept.answer()).status).toBe(200);

    const crowd = await Promise.all(Array.from({ length: 200 }, () => Wire.open(addressOf(gateway))));
    await eventually(() => {
      expect(crowd.some((wire) => wire.socket.readableEnded || wire.socket.destroyed)).toBe(true);
    });
    // The last descriptors are those of connections without a request: one of them asks, and cannot be dialled for.
    const [raw] = crowd.filter((wire) => !wire.socket.readableEnded && !wire.socket.destroyed);
    if (raw === undefined) throw new Error('all were shed');
    const first = await speak(gateway, raw);
    first.send(request);
    expect((await first.answer()).fields.get('x-marvel-error')).toBe('overloaded');
    kept.send('hello');
    expect((await kept.bytes(5)).toString()).toBe('hello');

    for (const wire of crowd) wire.close();
    first.close();
    await eventually(async () => {
      const wire = await open();
      wire.send(request);
      expect((await wire.answer()).status).toBe(200);
      wire.close();
    });
    kept.send('again');
    expect((await kept.bytes(5)).toString()).toBe('again');
    kept.close();
  },
);
