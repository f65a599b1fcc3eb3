import { canonicalHost } from '@marvel/shared/destination';

/** Where a CONNECT wants to go. */
export interface Authority {
  /** Canonical: lower case, no brackets, no trailing dot. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

const pattern = /^(\[[0-9A-Fa-f:.]{2,45}\]|[^\s:@/?#[\]%]{1,254}):([1-9][0-9]{0,4})$/;

/** Reads `host:port` or `[IPv6]:port`; `undefined` for anything else. Source: RFC 9110 section 9.3.6. */
export function parseAuthority(text: string): Authority | undefined {
  const [, host, digits] = pattern.exec(text) ?? [];
  const port = Number(digits);
  return host === undefined || port > 65_535 ? undefined : { host: canonicalHost(host), port };
}
