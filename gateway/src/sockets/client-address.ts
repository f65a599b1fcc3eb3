import type { Socket } from 'node:net';

const mappedPrefix = '::ffff:';

/** The address of a client: an IPv4-mapped IPv6 address as the IPv4 one, empty when the client has gone already. */
export function clientAddress(socket: Socket): string {
  const address = socket.remoteAddress ?? '';
  return address.startsWith(mappedPrefix) && address.includes('.') ? address.slice(mappedPrefix.length) : address;
}
