import { setTimeout as wait } from 'node:timers/promises';
import { backOffMs } from '@marvel/shared/back-off';
import { parseJson } from '@marvel/shared/parse-json';
import { err, ok, type Result } from '@marvel/shared/result';
import { contentDigest, signatureHeader, type VerificationKeys, verifyDetached } from '@marvel/shared/signature';
import { UsageReply } from '@marvel/shared/usage-batch';
import type { EdgeClient, EdgeResponse } from '../edge-client.ts';
import type { SealedBatch } from './sealed-batch.ts';
import type { ReplyFailure, UsageEvent } from './usage-event.ts';

export interface BatchSenderOptions {
  readonly edge: EdgeClient;
  /** The keys that replies may be signed with. */
  readonly keys: VerificationKeys;
  /** A clock that never runs slow, ms. */
  readonly now: () => number;
  readonly report: (event: UsageEvent) => void;
  readonly requestTimeoutMs: number;
}

/** What became of a batch. `sentAtMs`: when it was first sent. */
export type SendOutcome =
  | { readonly kind: 'answered'; readonly reply: UsageReply; readonly sentAtMs: number }
  | { readonly kind: 'refused'; readonly status: number; readonly sentAtMs: number }
  | { readonly kind: 'aborted' };

const backOff = { firstMs: 100, maxMs: 5000 };

/** The edge does not know us, for the moment or for good: after this long the batch is put aside for someone to look at. */
const maxUnauthorizedMs = 3_600_000;

/** Statuses that say "not now" or "not you", rather than that the batch itself is wrong. */
const passing: ReadonlySet<number> = new Set([401, 403, 404, 408, 425, 429]);
const unauthorized: ReadonlySet<number> = new Set([401, 403]);

/** Posts one batch: the same bytes again and again, with growing pauses, until they are answered or refused for good. */
export class BatchSender {
  readonly #options: BatchSenderOptions;
  #pause = new AbortController();

  constructor(options: BatchSenderOptions) {
    this.#options = options;
  }

  /** Ends a pause between two attempts. */
  wake(): void {
    this.#pause.abort();
  }

  /** One call at a time. */
  async send(batch: SealedBatch, signal: AbortSignal): Promise<SendOutcome> {
    const { now, report } = this.#options;
    const sentAtMs = now();
    const headers = {
      'content-type': 'application/json',
      'content-digest': await contentDigest(batch.body),
      [signatureHeader]: batch.signature,
    };
    for (let failures = 1; !signal.aborted; failures += 1) {
      const answer = await this.#post(batch, headers, signal);
      if (answer.ok) return { kind: 'answered', reply: answer.value, sentAtMs };
      if (signal.aborted) break;
      const { reason, status } = answer.error;
      const isFinal = status !== undefined && status >= 400 && status < 500 && !passing.has(status);
      const isDisowned = status !== undefined && unauthorized.has(status) && now() - sentAtMs > maxUnauthorizedMs;
      if (isFinal || isDisowned) return { kind: 'refused', status, sentAtMs };
      report({ kind: 'usage_unavailable', reason, status, failures });
      const pauseMs = backOffMs(failures, backOff, Math.random);
      this.#pause = new AbortController();
      await wait(pauseMs, undefined, { signal: AbortSignal.any([signal, this.#pause.signal]) }).catch(() => undefined);
    }
    return { kind: 'aborted' };
  }

  async #post(
    batch: SealedBatch,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Result<UsageReply, Pick<Extract<UsageEvent, { kind: 'usage_unavailable' }>, 'reason' | 'status'>>> {
    const answer = await this.#options.edge.request({
      method: 'POST',
      path: '/v1/gateway/usage',
      headers,
      body: batch.body,
      timeoutMs: this.#options.requestTimeoutMs,
      signal,
    });
    if (!answer.ok) return err({ reason: answer.error, status: undefined });
    if (answer.value.status !== 200) return err({ reason: 'status', status: answer.value.status });
    const reply = await this.#open(answer.value, batch);
    return reply.ok ? reply : err({ reason: reply.error, status: 200 });
  }

  async #open(answer: EdgeResponse, batch: SealedBatch): Promise<Result<UsageReply, ReplyFailure>> {
    const signature = await verifyDetached(answer.body, answer.signature, 'marvel-usage-reply', this.#options.keys);
    if (!signature.ok) return signature;
    const reply = parseJson(answer.body, UsageReply);
    if (reply === undefined) return err('reply_malformed');
    const isOurs = reply.gateway === batch.gateway && reply.boot === batch.boot && reply.seq === batch.seq;
    return isOurs ? ok(reply) : err('reply_to_another');
  }
}
