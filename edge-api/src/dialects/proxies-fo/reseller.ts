import * as v from 'valibot';
import type { DoorName } from '../../domain/gateway-door.ts';

/** The products of proxies.fo by the ids that its clients have in their code, and by name. */
const networks = {
  residential: 'residential',
  '7c9ea873-63f9-4013-9147-3807cc6f0553': 'residential',
  isp: 'isp',
  '3471aa35-7922-488a-a7a9-b92a5510080e': 'isp',
  datacenter: 'datacenter',
  'b3fd0f3c-693d-4ec5-b49f-c77feaab0b72': 'datacenter',
} as const;

/** Which product a plan is of. */
export const Reseller = v.pipe(
  v.string(),
  v.toLowerCase(),
  v.check((text) => Object.hasOwn(networks, text), 'must be residential, isp or datacenter, or the id of one'),
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the check before
  v.transform((text) => networks[text as keyof typeof networks]),
);

/** The listener whose network the product is. */
export function planDoor(network: v.InferOutput<typeof Reseller>): DoorName {
  return `proxies-fo-${network}`;
}
