import { formatTarget } from '@marvel/shared/target';

/** The proxy username to be put in: a dial is made without knowing any key. */
export const keyPlaceholder = '{key}';

/** How to send traffic through a sticky exit of the Marvel dialect. */
export interface Dial {
  readonly host: string;
  readonly port: number;
  readonly username: typeof keyPlaceholder;
  readonly password: string;
  readonly url: string;
}

/** Writes the dial of a session at a gateway `host:port`. */
export function dialOf(
  gatewayAddress: string,
  target: { readonly country: string; readonly session: string; readonly minPurity: number },
): Dial {
  const colon = gatewayAddress.lastIndexOf(':');
  const password = formatTarget(target);
  return {
    host: gatewayAddress.slice(0, colon),
    port: Number(gatewayAddress.slice(colon + 1)),
    username: keyPlaceholder,
    password,
    url: `http://${keyPlaceholder}:${password}@${gatewayAddress}`,
  };
}
