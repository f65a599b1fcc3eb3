import { createHash } from 'node:crypto';
import { parseJson } from '@marvel/shared/parse-json';
import { headDigest, headOf } from '@marvel/shared/receipt/receipt';
import { grantBytes, leaseTtlMs } from '@marvel/shared/lease';
import { signatureHeader, verifyDetached } from '@marvel/shared/signature';
import { type LeaseAnswer, type LeaseLine, UsageBatch } from '@marvel/shared/usage-batch';
import { type EdgeAnswer, type EdgeCall, type KeyPair, signedAnswer } from './scripted-edge.ts';

/** What goes wrong with one post. `lose`: the batch is settled, and the reply lost. */
export type PostFault = 'drop' | 'lose' | 'hang' | number | ((honest: string) => Promise<EdgeAnswer>);

interface Settled {
  readonly digest: string;
  readonly reply: string;
  readonly batch: UsageBatch;
}

/** The edge's side of usage for one gateway, in memory and with all its checks: claims batches once, settles and grants leases. */
export class SettlingEdge {
  readonly pair: KeyPair;
  readonly gatewayKeys: KeyPair['keys'];
  /** Bytes credited less bytes settled, by budget. */
  readonly balances = new Map<string, number>();
  /** What the gateway holds unspent, by budget. */
  readonly held = new Map<string, number>();
  /** Batches settled, in order. */
  readonly settled: UsageBatch[] = [];
  /** Every post that came, faults and repeats included, with the digest of its body. */
  readonly posts: { readonly name: string; readonly digest: string }[] = [];
  /** Faults of the next posts; `undefined` for none. */
  readonly faults: (PostFault | undefined)[] = [];
  /** Faults for good, while set. */
  fault: PostFault | undefined;
  ttlMs = leaseTtlMs;
  /** What is asked back of a budget with the next reply, with or without a line: all but so many bytes. */
  readonly keep = new Map<string, number>();
  /** What a gateway may not do; empty at the end of every test. */
  readonly complaints: string[] = [];
  readonly #answered = new Map<string, Settled>();
  #last: Settled | undefined;

  constructor(pair: KeyPair, gatewayKeys: KeyPair['keys']) {
    this.pair = pair;
    this.gatewayKeys = gatewayKeys;
  }

  /** Bytes settled for an account. */
  spent(account: string): number {
    return this.settled
      .flatMap((batch) => batch.records)
      .filter((record) => record.account === account)
      .reduce((sum, record) => sum + record.bytes_up + record.bytes_down, 0);
  }

  async answer({ body, headers }: EdgeCall): Promise<EdgeAnswer> {
    const batch = parseJson(body, UsageBatch);
    const signature = headers[signatureHeader];
    const jws = typeof signature === 'string' ? signature : null;
    const verified = await verifyDetached(body, jws, 'marvel-usage-batch', this.gatewayKeys);
    if (batch === undefined || !verified.ok) {
      this.complaints.push(verified.ok ? 'malformed' : verified.error);
      return { status: batch === undefined ? 422 : 401, body: Buffer.from('{}') };
    }
    const digest = createHash('sha256').update(body).digest('base64url');
    this.posts.push({ name: `${batch.boot}/${batch.seq}`, digest });
    const fault = this.faults.length > 0 ? this.faults.shift() : this.fault;
    if (fault === 'drop' || fault === 'hang') return fault;
    if (typeof fault === 'number') return { status: fault, body: Buffer.from('{}') };
    const reply = this.#claim(batch, digest);
    if (reply === undefined) return { status: 409, body: Buffer.from('{}') };
    if (fault === 'lose') return 'drop';
    return fault === undefined ? signedAnswer(reply, 'marvel-usage-reply', this.pair.signer) : fault(reply);
  }

  #claim(batch: UsageBatch, digest: string): string | undefined {
    const name = `${batch.boot}/${batch.seq}`;
    const known = this.#answered.get(name);
    if (known !== undefined) {
      if (known.digest === digest) return known.reply;
      this.complaints.push(`${name} came with two bodies`);
      return undefined;
    }
    if (batch.previous !== (this.#last === undefined ? null : headDigest(headOf(this.#last.batch))))
      this.complaints.push(`${name} is not chained to the one before`);
    const isSameBoot = this.#last?.batch.boot === batch.boot;
    if (batch.seq !== (isSameBoot ? (this.#last?.batch.seq ?? 0) + 1 : 1)) this.complaints.push(`${name} left out one`);
    if (!isSameBoot) this.held.clear();
    for (const record of batch.records)
      this.#settle(record.account, record.credential, record.bytes_up + record.bytes_down);
    const leases = batch.leases.map((line) => this.#answer(line));
    for (const [budget, keep] of this.keep) {
      const free = (this.balances.get(budget) ?? 0) > (this.held.get(budget) ?? 0);
      leases.push({ budget, granted: 0, ttl_ms: 0, free, keep });
    }
    this.keep.clear();
    const reply = JSON.stringify({ gateway: batch.gateway, boot: batch.boot, seq: batch.seq, leases });
    this.#last = { digest, reply, batch };
    this.#answered.set(name, this.#last);
    this.settled.push(batch);
    return reply;
  }

  #settle(account: string, credential: string, bytes: number): void {
    for (const [budget, balance] of this.balances) {
      if (budget !== account && !budget.startsWith(`${credential}/`)) continue;
      this.balances.set(budget, balance - bytes);
      this.held.set(budget, Math.max(0, (this.held.get(budget) ?? 0) - bytes));
    }
  }

  #answer({ budget, returned, wanted }: LeaseLine): LeaseAnswer {
    const before = this.held.get(budget) ?? 0;
    if (returned > before) this.complaints.push(`${budget} gave back ${returned} of ${before}`);
    const held = Math.max(0, before - returned);
    const free = (this.balances.get(budget) ?? 0) - held;
    const granted = grantBytes(Math.max(0, free), wanted);
    this.held.set(budget, held + granted);
    const keep = this.keep.get(budget) ?? null;
    this.keep.delete(budget);
    return { budget, granted, ttl_ms: this.ttlMs, free: free - granted > 0, keep };
  }
}
