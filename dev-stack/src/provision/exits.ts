import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Grade, Network, Transport } from '@marvel/shared/exit';
import type { Evidence } from '@marvel/shared/verdict';

/** An exit of the local stack, before it has a place to listen. */
export interface LocalExit {
  /** Names it within the stack, for ever: `us-1`. */
  readonly name: string;
  readonly network: Network;
  readonly country: string;
  readonly state: string | null;
  readonly city: string | null;
  readonly asn: number;
  /** What its evidence is good for. */
  readonly grade: Grade;
  readonly exitIp: string;
  /** The agent that hosts it. Exits of one country and grade are spread over agents, so that one can fail and the other serve. */
  readonly agent: string;
}

/** The same, with the port that its agent listens on. */
export interface PlacedExit extends LocalExit {
  readonly port: number;
}

interface Place extends Pick<LocalExit, 'network' | 'country' | 'state' | 'city' | 'asn'> {
  readonly grades: readonly Grade[];
}

/** Where exits are, and of what grades. AS numbers are of the documentation range of RFC 5398. */
const places: readonly Place[] = [
  residential('US', 'ca', 'losangeles', 64_496, ['S', 'S', 'A', 'B']),
  residential('DE', 'be', 'berlin', 64_497, ['S', 'S', 'A']),
  residential('GB', 'eng', 'london', 64_498, ['S', 'S', 'A']),
  residential('JP', '13', 'tokyo', 64_499, ['S', 'S', 'A']),
  residential('FR', 'idf', 'paris', 64_500, ['A', 'A', 'B']),
  residential('BR', 'sp', 'saopaulo', 64_501, ['A', 'B', 'B']),
  { network: 'isp', country: 'US', state: null, city: null, asn: 64_502, grades: ['S', 'A'] },
  { network: 'datacenter', country: 'US', state: null, city: null, asn: 64_503, grades: ['S', 'A'] },
];

function residential(country: string, state: string, city: string, asn: number, grades: readonly Grade[]): Place {
  return { network: 'residential', country, state, city, asn, grades };
}

const agents = ['exit-agent-1', 'exit-agent-2', 'exit-agent-3'] as const;
/** 127.0.0.11, .12, …: the low ones are left to what people use them for. */
const firstExitHost = 11;

/** `us-1`, `us-isp-1` */
function nameOf({ network, country }: Place, index: number): string {
  const kind = network === 'residential' ? '' : `${network}-`;
  return `${country.toLowerCase()}-${kind}${index + 1}`;
}

/** The exits of a local stack. */
export const localExits: readonly LocalExit[] = places.flatMap(({ grades, ...place }, placeIndex) =>
  grades.map((grade, index) => ({
    ...place,
    name: nameOf({ ...place, grades }, index),
    grade,
    exitIp: `127.0.0.${firstExitHost + placeIndex * 10 + index}`,
    agent: agents[index % agents.length] ?? agents[0],
  })),
);

/** Whether this machine may send from an address: Linux from all of 127/8, macOS only from those that were configured. */
async function canSendFrom(address: string): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind({ address, port: 0 });
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

/** The exits as this machine can have them: all from 127.0.0.1 where there is no other loopback address. */
export async function exitsOfThisMachine(): Promise<readonly LocalExit[]> {
  const usable = await Promise.all(localExits.map(async ({ exitIp }) => canSendFrom(exitIp)));
  return usable.every(Boolean) ? localExits : localExits.map((exit) => ({ ...exit, exitIp: '127.0.0.1' }));
}

/** What an honest probe of such an exit would have shown. */
const clean: Omit<Evidence, 'egress_country' | 'egress_network'> = {
  reachable: true,
  egress_ip_matches: true,
  tls_intact: true,
  headers_intact: true,
  dns_at_exit: true,
  blocklists: 0,
  abuse_score: 0,
  connect_ms: 80,
  success_percent: 100,
};

/** Purity 98, 83 and 71 by the Gauntlet. */
const byGrade: Readonly<Record<Grade, Partial<Evidence>>> = {
  S: { success_percent: 97 },
  A: { abuse_score: 20, blocklists: 1, dns_at_exit: false, success_percent: 99 },
  B: { abuse_score: 40, blocklists: 2, dns_at_exit: false, connect_ms: 600 },
};

/** The evidence that earns an exit its grade. */
export function evidenceOf({ country, network, grade }: LocalExit): Evidence {
  return { ...clean, egress_country: country, egress_network: network, ...byGrade[grade] };
}

/** How a gateway reaches an exit through its agent. */
export function transportOf({ port }: PlacedExit, token: string): Transport {
  return { type: 'agent', host: '127.0.0.1', port, tls: false, token };
}
