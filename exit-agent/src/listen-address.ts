import { isIP } from 'node:net';

/** Where a listener is bound: an IP literal and a port, 0 for any free one. */
export interface ListenAddress {
  readonly host: string;
  /** 0 to 65535. */
  readonly port: number;
}

const pattern = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(0|[1-9][0-9]{0,4})$/;

/** Reads `127.0.0.1:7000` or `[::1]:7000`; `undefined` for anything else, names included. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = pattern.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  const family = isIP(host);
  if (family === 0 || (family === 6) !== (match?.[1] !== undefined) || port > 65_535) return undefined;
  return { host, port };
}

/** Writes an address as `parseListenAddress` reads it. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
