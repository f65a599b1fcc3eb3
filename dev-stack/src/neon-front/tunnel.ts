import { connect } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { createWebSocketStream, type WebSocket } from 'ws';

/** Source: RFC 6455 section 7.4.1. */
const closeInternalError = 1011;

/**
 * Carries the bytes of a PostgreSQL session between a WebSocket and the server, both ways and with back-pressure,
 * until either side ends.
 */
export async function tunnel(webSocket: WebSocket, postgresPort: number): Promise<void> {
  const stream = createWebSocketStream(webSocket);
  const socket = connect({ host: '127.0.0.1', port: postgresPort, noDelay: true });
  try {
    await pipeline(stream, socket, stream);
  } catch {
    // Either side went away, or the server cannot be reached; the other side learns it by its own connection ending.
    webSocket.close(closeInternalError);
  } finally {
    socket.destroy();
    webSocket.close();
  }
}
