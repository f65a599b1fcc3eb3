import { createHash, randomBytes } from 'node:crypto';
import { headDigest, headOf, sealReceipt } from '@marvel/shared/receipt/receipt';
import { type SigningKey, signDetached } from '@marvel/shared/signature';
import type { LeaseLine, UsageBatch } from '@marvel/shared/usage-batch';
import type { WindowLines } from './usage-window.ts';

/** A batch as it is posted, however often: these bytes and no others. */
export interface SealedBatch {
  readonly gateway: string;
  readonly boot: string;
  readonly seq: number;
  readonly body: Uint8Array;
  /** Detached JWS by the gateway's own key. */
  readonly signature: string;
}

const secretBytes = 32;

/** Names batches, chains each to the one before, and signs them. One call at a time. */
export class BatchSealer {
  readonly #gateway: string;
  readonly #signer: SigningKey;
  readonly boot: string;
  #seq = 0;
  #previous: string | null;

  /** `boot`: 128 random bits, hex. `previous`: `headDigest` of the last batch of an earlier boot. */
  constructor(gateway: string, boot: string, signer: SigningKey, previous: string | null) {
    this.#gateway = gateway;
    this.boot = boot;
    this.#signer = signer;
    this.#previous = previous;
  }

  /** `openedAtMs`, `closedAtMs`: ms since 1970. */
  async seal(
    lines: WindowLines,
    leases: readonly LeaseLine[],
    openedAtMs: number,
    closedAtMs: number,
  ): Promise<SealedBatch> {
    this.#seq += 1;
    const name = { gateway: this.#gateway, boot: this.boot, seq: this.#seq };
    const unsigned = {
      ...name,
      previous: this.#previous,
      opened_at: new Date(openedAtMs).toISOString(),
      closed_at: new Date(closedAtMs).toISOString(),
      ...lines,
      leases: [...leases],
    };
    const secret = randomBytes(secretBytes).toString('base64url');
    const batch: UsageBatch = { ...unsigned, receipt: await sealReceipt(unsigned, secret, this.#signer) };
    this.#previous = headDigest(headOf(batch));
    const body = Buffer.from(JSON.stringify(batch));
    return { ...name, body, signature: await signDetached(body, 'marvel-usage-batch', this.#signer) };
  }
}

/** SHA-256 of a batch as it is posted, base64url: what tells a file that was damaged. */
export function batchDigest(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('base64url');
}
