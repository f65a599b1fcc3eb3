/** Tunnels that one gateway has open of one credential. */
export interface GatewayTunnels {
  readonly tokenDigest: string;
  readonly credential: string;
  readonly account: string;
  readonly tunnels: number;
}

/** Open tunnels of a credential at other gateways. */
export interface TunnelsElsewhere {
  readonly credential: string;
  readonly account: string;
  readonly tunnels: number;
}

/** The most lines of one page. */
export const maxElsewhere = 1000;

/** What the gateways have open beside one of them; those with most first, since they are nearest to a limit. */
export function tunnelsElsewhere(lines: readonly GatewayTunnels[], tokenDigest: string): readonly TunnelsElsewhere[] {
  const sums = new Map<string, { credential: string; account: string; tunnels: number }>();
  for (const line of lines) {
    if (line.tokenDigest === tokenDigest) continue;
    const sum = sums.get(line.credential);
    if (sum === undefined)
      sums.set(line.credential, { credential: line.credential, account: line.account, tunnels: line.tunnels });
    else sum.tunnels += line.tunnels;
  }
  return [...sums.values()]
    .toSorted((a, b) => b.tunnels - a.tunnels || (a.credential < b.credential ? -1 : 1))
    .slice(0, maxElsewhere);
}
