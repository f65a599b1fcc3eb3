import type { Database } from '../store/database.ts';
import type { Env } from '../env.ts';
import type { Log } from './log.ts';

/** What a handler works with beside its request. */
export interface Services {
  readonly env: Env;
  readonly db: Database;
  readonly log: Log;
  readonly requestId: string;
  readonly nowMs: number;
  /** From a cryptographic source. */
  readonly randomBytes: (count: number) => Uint8Array;
  /** Keeps the Worker alive for work that the reply does not wait for; such work must not throw. */
  readonly afterwards: (work: Promise<void>) => void;
}
