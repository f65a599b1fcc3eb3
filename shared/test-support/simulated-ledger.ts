export type LedgerAccount = 'credits' | 'customer' | 'usage';

interface Entry {
  readonly account: LedgerAccount;
  readonly bytes: number;
}

/** Double entries, as the edge writes them: appended, never changed. */
export class SimulatedLedger {
  readonly transactions: (readonly Entry[])[] = [];

  write(...entries: readonly Entry[]): void {
    this.transactions.push(entries);
  }
}

/** Reads a ledger on from where it left off, so that it can be looked at after each step. */
export class Auditor {
  readonly #ledger: SimulatedLedger;
  readonly #sums: Record<LedgerAccount, number> = { credits: 0, customer: 0, usage: 0 };
  #read = 0;

  constructor(ledger: SimulatedLedger) {
    this.#ledger = ledger;
  }

  /** The sum of each account. Throws when a transaction does not sum to zero. */
  sums(): Readonly<Record<LedgerAccount, number>> {
    for (const entries of this.#ledger.transactions.slice(this.#read)) {
      let total = 0;
      for (const { account, bytes } of entries) {
        this.#sums[account] += bytes;
        total += bytes;
      }
      if (total !== 0) throw new RangeError(`transaction ${this.#read} sums to ${total}`);
      this.#read += 1;
    }
    return this.#sums;
  }
}
