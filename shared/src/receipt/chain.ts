import { type ReceiptHead, headDigest } from './receipt.ts';

/** Where heads of one gateway do not follow one another. `reference`: the later one. */
export interface ChainProblem {
  readonly code:
    /** The one before it has another digest. */
    | 'chain_broken'
    /** One or more before it are not there. */
    | 'chain_gap'
    /** Two heads claim the same place. */
    | 'chain_forked';
  readonly reference: string;
}

/**
 * Finds what is missing between heads. `isWhole`: all heads of a stretch should be there; otherwise only neighbours are
 * compared. A boot that starts with no `previous` had lost its outbox, and begins a chain of its own.
 */
export function findChainProblems(heads: readonly ReceiptHead[], isWhole: boolean): readonly ChainProblem[] {
  const problems: ChainProblem[] = [];
  for (const ofGateway of groupBy(heads, (head) => head.gateway).values()) {
    const known = new Set(ofGateway.map(headDigest));
    const boots = [...groupBy(ofGateway, (head) => head.boot).values()]
      .map((ofBoot) => ofBoot.toSorted((a, b) => a.seq - b.seq))
      .toSorted((a, b) => openedAtMs(a[0]) - openedAtMs(b[0]));
    for (const [bootIndex, ofBoot] of boots.entries()) {
      const [first] = ofBoot;
      if (isWhole && bootIndex > 0 && first !== undefined && !isBeginning(first, known)) {
        problems.push({ code: 'chain_gap', reference: nameOf(first) });
      }
      for (const [index, head] of ofBoot.entries()) {
        const before = ofBoot[index - 1];
        if (before === undefined) continue;
        const isNext = before.seq + 1 === head.seq;
        if (isNext && head.previous !== headDigest(before)) {
          problems.push({ code: 'chain_broken', reference: nameOf(head) });
        } else if (!isNext && isWhole) problems.push({ code: 'chain_gap', reference: nameOf(head) });
      }
    }
  }
  return problems;
}

/** As `Map.groupBy`, which Node 20 does not have: there the SDK runs this too. */
function groupBy(heads: readonly ReceiptHead[], nameFor: (head: ReceiptHead) => string): Map<string, ReceiptHead[]> {
  const groups = new Map<string, ReceiptHead[]>();
  for (const head of heads) {
    const group = groups.get(nameFor(head));
    if (group === undefined) groups.set(nameFor(head), [head]);
    else group.push(head);
  }
  return groups;
}

/** Whether a later boot goes on from a head that is there, or could not. */
function isBeginning({ seq, previous }: ReceiptHead, known: ReadonlySet<string>): boolean {
  return seq === 1 && (previous === null || known.has(previous));
}

function openedAtMs(head: ReceiptHead | undefined): number {
  return head === undefined ? 0 : Date.parse(head.opened_at);
}

function nameOf({ gateway, boot, seq }: ReceiptHead): string {
  return `${gateway}/${boot}/${seq}`;
}
