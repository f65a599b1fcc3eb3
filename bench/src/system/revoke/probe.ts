import { connect } from 'node:net';

/** Forbidden by any policy, so that the gateway has to judge the key and need not dial. Source: RFC 5737. */
const destination = '192.0.2.1:443';
const probeLimitMs = 5000;
const maxHeadBytes = 4096;

/** Asks a gateway for a tunnel that it will not give, and says by which status; 0 when there was no answer. */
export async function probe(gateway: string, key: string, localAddress: string): Promise<number> {
  const [host = '', port = ''] = gateway.split(':');
  const socket = connect({ host, port: Number(port), localAddress, noDelay: true });
  const authorization = Buffer.from(`${key}:country-US`).toString('base64');
  socket.setTimeout(probeLimitMs, () => socket.destroy());
  socket.on('error', () => undefined);
  socket.write(
    `CONNECT ${destination} HTTP/1.1\r\nHost: ${destination}\r\nProxy-Authorization: Basic ${authorization}\r\n\r\n`,
  );
  try {
    let head = '';
    for await (const chunk of socket) {
      head += String(chunk);
      const status = readStatus(head);
      if (status !== undefined) return status;
      if (head.length > maxHeadBytes) break;
    }
    return 0;
  } catch {
    return 0;
  } finally {
    socket.destroy();
  }
}

/** The status of a response whose first line is whole. */
export function readStatus(head: string): number | undefined {
  const status = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(head)?.[1];
  return status === undefined ? undefined : Number(status);
}

/** A loopback address for each number from 0 to 63,999, so that no address meets the limit on refused sign-ins. */
export function sourceAddress(number: number): string {
  return `127.1.${Math.floor(number / 250) % 256}.${(number % 250) + 1}`;
}
