import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Exit } from '@marvel/shared/exit';
import type { ExitChosen } from '../admission.ts';
import type { ExitWish } from '../offer.ts';

/** Stands in for exit and destination at once, so that what a test key sends never leaves the gateway. */
export interface StandInExit {
  /** The exit that a wish gets: of the country that was asked for, at an address for documentation (RFC 5737). */
  choose(wish: ExitWish, nowMs: number): ExitChosen;
  close(): void;
}

const pinMs = 600_000;
const anyCountry = 'US';
/** Of request bodies; they are counted and dropped. */
const maxRequestMs = 60_000;

/** Starts it on a port of its own of the loopback interface. `maxConnections`: as many as the gateway has tunnels. */
export async function openStandInExit(maxConnections: number): Promise<StandInExit> {
  const server = createServer({ requestTimeout: maxRequestMs }, (request, response) => {
    answer(request, response).catch(() => request.destroy());
  });
  server.maxConnections = maxConnections;
  // It is its own destination: after CONNECT it goes on as the origin. Whatever is not HTTP there is answered 400.
  server.on('connect', (_request, socket, head) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.unshift(head);
    server.emit('connection', socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const { port } = isAddressInfo(address) ? address : { port: 0 };
  return {
    choose: ({ country, countries, session, network }, nowMs) => ({
      exit: exitRecord(port, network, country ?? countries?.[0] ?? anyCountry),
      pin: session === undefined ? undefined : { generation: 1, expiresAtMs: nowMs + pinMs },
    }),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url: path, headers } = request;
  let bodyBytes = 0;
  for await (const chunk of request) bodyBytes += Buffer.isBuffer(chunk) ? chunk.length : 0;
  response.setHeader('Content-Type', 'application/json');
  response.end(`${JSON.stringify({ test: true, method, host: headers.host, path, body_bytes: bodyBytes })}\n`);
}

function exitRecord(port: number, network: Exit['network'], country: string): Exit {
  return {
    kind: 'exit',
    id: 'ext_test',
    network,
    country,
    state: null,
    city: null,
    asn: 64_496,
    exit_ip: '192.0.2.1',
    transport: { type: 'http-connect', host: '127.0.0.1', port, tls: false },
    purity: 100,
    grade: 'S',
    seals: [],
    weight: 1,
    expires_at: '9999-12-31T00:00:00.000Z',
  };
}

function isAddressInfo(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
