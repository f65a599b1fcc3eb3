import type { FeedPageFailure } from '@marvel/shared/feed';
import type { EdgeFailure } from '../edge-client.ts';
import type { SealedFileFailure } from './sealed-file.ts';

/** What the feed tells the log and the metrics. Nothing in it is secret. */
export type FeedEvent =
  /** A page was believed and applied. `applyMs`: from its last byte, verification included. */
  | { readonly kind: 'feed_page'; readonly records: number; readonly caughtUp: boolean; readonly applyMs: number }
  /** A page was not believed; the state stays as it was. */
  | { readonly kind: 'feed_page_refused'; readonly reason: FeedPageFailure | 'state_full' }
  /** Records of a page were left out: the edge is newer than this gateway, which does not know their kinds. */
  | { readonly kind: 'feed_records_skipped'; readonly records: number; readonly kinds: string }
  /** The edge gave no page; `status` when it answered. */
  | { readonly kind: 'feed_unavailable'; readonly reason: EdgeFailure | 'status'; readonly status: number | undefined }
  /** A complete state is there: the first, or that of a new epoch. One from disk is served once the edge has been asked what is new. */
  | { readonly kind: 'feed_ready'; readonly from: 'disk' | 'edge'; readonly records: number; readonly epoch: number }
  /** The edge's database was restored to an earlier state: everything is read anew while the old state is served. */
  | { readonly kind: 'feed_new_epoch' }
  | { readonly kind: 'state_saved'; readonly bytes: number; readonly saveMs: number }
  /** `code`: of the system call, e.g. `ENOSPC`. */
  | { readonly kind: 'state_not_saved'; readonly code: string }
  /** The state on disk was not believed; the gateway starts with none. */
  | { readonly kind: 'state_not_loaded'; readonly reason: Exclude<SealedFileFailure, 'absent'> };
