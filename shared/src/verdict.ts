import * as v from 'valibot';
import { type Grade, Network } from './exit.ts';
import { CountryCode } from './units.ts';

/** What probing one exit showed. Produced by whoever probes; judged only here. */
export const Evidence = v.strictObject({
  /** A request through the exit came back. */
  reachable: v.boolean(),
  /** The address seen from outside, and the one the exit claims. */
  egress_ip_matches: v.boolean(),
  /** The country that address is registered in. */
  egress_country: CountryCode,
  egress_network: Network,
  /** The certificate of a known host arrived unchanged through the exit. */
  tls_intact: v.boolean(),
  /** No header was added, changed or removed on a plain request. */
  headers_intact: v.boolean(),
  /** Names resolve at the exit, not at its provider's or a third party's resolver. */
  dns_at_exit: v.boolean(),
  /** Block lists naming the address, of those asked. */
  blocklists: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1000)),
  /** Abuse score of the address, 0 (clean) to 100. */
  abuse_score: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100)),
  /** Median time to connect through the exit. */
  connect_ms: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(600_000)),
  /** Share of probes that succeeded, in percent. */
  success_percent: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100)),
});
export type Evidence = v.InferOutput<typeof Evidence>;

/** What the exit claims to be. */
export interface ExitClaim {
  readonly country: string;
  readonly network: Network;
}

/** The Gauntlet's judgement: an exit with a grade, or the gate that dropped it. */
export type Verdict =
  | { readonly kind: 'pass'; readonly purity: number; readonly grade: Grade; readonly seals: readonly string[] }
  | { readonly kind: 'drop'; readonly gate: string };

interface Gate {
  readonly name: string;
  /** Purity lost at this gate, 0 to 100; `drop` ends it. */
  readonly judge: (evidence: Evidence, claim: ExitClaim) => number | 'drop';
}

/** Lowest purity of each grade; below B an exit is dropped. */
export const gradeFloors: readonly (readonly [Grade, number])[] = [
  ['S', 90],
  ['A', 75],
  ['B', 60],
];

/**
 * The gates in their order. Each that costs nothing gives its seal. A gate that proves the exit false or dangerous
 * drops it; one that only lowers its worth takes purity.
 */
const gauntlet: readonly Gate[] = [
  { name: 'reachable', judge: (evidence) => (evidence.reachable ? 0 : 'drop') },
  { name: 'egress', judge: (evidence) => (evidence.egress_ip_matches ? 0 : 'drop') },
  { name: 'geo', judge: (evidence, claim) => (evidence.egress_country === claim.country ? 0 : 'drop') },
  { name: 'tls', judge: (evidence) => (evidence.tls_intact ? 0 : 'drop') },
  { name: 'headers', judge: (evidence) => (evidence.headers_intact ? 0 : 20) },
  { name: 'network', judge: (evidence, claim) => (evidence.egress_network === claim.network ? 0 : 25) },
  { name: 'dns', judge: (evidence) => (evidence.dns_at_exit ? 0 : 5) },
  {
    name: 'reputation',
    judge: (evidence) =>
      evidence.abuse_score >= 90 ? 'drop' : Math.ceil(evidence.abuse_score / 4) + Math.min(30, evidence.blocklists * 6),
  },
  {
    name: 'stability',
    judge: (evidence) => (evidence.success_percent < 50 ? 'drop' : Math.ceil((100 - evidence.success_percent) / 2)),
  },
  { name: 'speed', judge: (evidence) => Math.min(20, Math.floor(evidence.connect_ms / 500) * 2) },
];

/** Runs the Gauntlet: evidence and claim in, purity 0 to 100, grade and seals out, or the first gate that drops. */
export function judgeEvidence(evidence: Evidence, claim: ExitClaim): Verdict {
  let purity = 100;
  const seals: string[] = [];
  for (const gate of gauntlet) {
    const lost = gate.judge(evidence, claim);
    if (lost === 'drop') return { kind: 'drop', gate: gate.name };
    if (lost === 0) seals.push(gate.name);
    purity -= lost;
  }
  const grade = gradeFloors.find(([, floor]) => purity >= floor)?.[0];
  return grade === undefined ? { kind: 'drop', gate: 'purity' } : { kind: 'pass', purity, grade, seals };
}
