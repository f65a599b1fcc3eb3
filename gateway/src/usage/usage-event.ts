import type { SignatureFailure } from '@marvel/shared/signature';
import type { EdgeFailure } from '../edge-client.ts';

/** Why a reply to a batch was not believed: its signature, its shape, or that it answers another batch. */
export type ReplyFailure = SignatureFailure | 'reply_malformed' | 'reply_to_another';

/** What usage tells the log and the metrics. Nothing in it is secret. */
export type UsageEvent =
  /** A batch was answered. `postMs`: since it was first sent. */
  | {
      readonly kind: 'usage_posted';
      readonly seq: number;
      readonly bytes: number;
      readonly leases: number;
      readonly postMs: number;
    }
  /** No answer to a batch, which is sent again; `status` when the edge answered. */
  | {
      readonly kind: 'usage_unavailable';
      readonly reason: EdgeFailure | 'status' | ReplyFailure;
      readonly status: number | undefined;
      readonly failures: number;
    }
  /** The edge will never take a batch: it is put aside, and someone has to look at it. */
  | { readonly kind: 'usage_parked'; readonly boot: string; readonly seq: number; readonly status: number }
  /** A parked batch was lost, since there is no disk and no more room in memory. */
  | { readonly kind: 'usage_lost'; readonly boot: string; readonly seq: number }
  /** Batches of earlier boots were found on disk. */
  | { readonly kind: 'outbox_restored'; readonly batches: number }
  /** The disk failed a batch, which is kept in memory. `code`: of the system call, e.g. `ENOSPC`. */
  | { readonly kind: 'outbox_fault'; readonly code: string }
  /** A batch on disk is damaged and was put aside. */
  | { readonly kind: 'outbox_damaged'; readonly name: string }
  /** No more batches are sealed until some are answered; usage goes on being counted. */
  | { readonly kind: 'outbox_full'; readonly batches: number; readonly bytes: number }
  /** The edge left out the answer to so many lease lines; they count as refused. */
  | { readonly kind: 'leases_unanswered'; readonly lines: number }
  /** Closing: so much was not answered. `onDisk`: the next boot posts it. */
  | { readonly kind: 'usage_unsent'; readonly batches: number; readonly bytes: number; readonly onDisk: boolean };
