import { isIPv6 } from 'node:net';

/** Where a CONNECT wants to go, as written. */
export interface Authority {
  /** A name or address without brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

const maxPort = 65_535;
const pattern =
  /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9_.])?)):([1-9][0-9]{0,4})$/;

/** Reads the authority form `host:port` or `[IPv6]:port`; `undefined` for anything else. Source: RFC 9112 section 3.2.3. */
export function parseAuthority(text: string): Authority | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, address, name, digits] = match;
  const port = Number(digits);
  if (port > maxPort) return undefined;
  if (name !== undefined) return { host: name, port };
  return address !== undefined && isIPv6(address) ? { host: address, port } : undefined;
}
