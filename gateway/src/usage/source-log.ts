import { clientNetwork } from '@marvel/shared/client-network';
import { maxBatchRecords, type SourceLine } from '@marvel/shared/usage-batch';

/** The most pairs of credential and address remembered; beyond it all are forgotten, and told of anew, which changes nothing. */
const maxKnown = 20_000;

/** Where credentials are used from, each pair told of once. Costs a look-up a tunnel. */
export class SourceLog {
  readonly #known = new Set<string>();
  readonly #fresh: SourceLine[] = [];

  get isEmpty(): boolean {
    return this.#fresh.length === 0;
  }

  note(credential: string, clientIp: string): void {
    // The client has gone already.
    if (clientIp === '') return;
    const pair = `${credential} ${clientIp}`;
    if (this.#known.has(pair)) return;
    if (this.#known.size >= maxKnown) this.#known.clear();
    this.#known.add(pair);
    if (this.#fresh.length < maxKnown) this.#fresh.push({ credential, source_ip: clientNetwork(clientIp) });
  }

  /** Takes out what goes into one batch. */
  draw(): SourceLine[] {
    return this.#fresh.splice(0, maxBatchRecords);
  }
}
