/** The listeners of a gateway for the clients of other dialects, and their usual ports. Source: CONTRACT 3.1. */
const usualPorts = {
  'proxies-fo-residential': 13_337,
  'proxies-fo-isp': 13_339,
  'proxies-fo-datacenter': 13_338,
  proxymesh: 31_280,
} as const;

export type DoorName = keyof typeof usualPorts;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a literal object are its keys
export const doorNames = Object.keys(usualPorts) as readonly DoorName[];

/** Where clients reach a listener. */
export interface GatewayDoor {
  readonly host: string;
  readonly port: number;
}

/** The door of a dialect: as the deployment says, or else at the usual port of the host that has the marvel listener. */
export function gatewayDoor(
  name: DoorName,
  {
    GATEWAY_ADDRESS: marvel,
    GATEWAY_DOORS: given,
  }: {
    readonly GATEWAY_ADDRESS: string;
    readonly GATEWAY_DOORS: ReadonlyMap<DoorName, string>;
  },
): GatewayDoor {
  const address = given.get(name) ?? `${marvel.slice(0, marvel.lastIndexOf(':'))}:${usualPorts[name]}`;
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
