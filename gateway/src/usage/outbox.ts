import type { BatchStore } from './batch-store.ts';
import type { SealedBatch } from './sealed-batch.ts';
import type { UsageEvent } from './usage-event.ts';

/** Bytes of batches kept in memory: with a disk those soon to be sent, without one all that wait. */
const maxBytesBesideDisk = 1024 * 1024;
const maxBytesInMemory = 64 * 1024 * 1024;

/** Bytes of batches that wait on disk. Two hours of full batches every second. */
const maxBytesOnDisk = 2 * 1024 * 1024 * 1024;

/** Parked batches kept where there is no disk. */
const maxParkedInMemory = 100;

interface Entry {
  /** The file that holds it, if one does. */
  readonly name: string | undefined;
  readonly bytes: number;
  batch: SealedBatch | undefined;
}

/** Sealed batches in the order in which they have to be posted. On disk where there is a store; a failing disk loses nothing. */
export class Outbox {
  readonly #store: BatchStore | undefined;
  readonly #report: (event: UsageEvent) => void;
  readonly #parked: SealedBatch[] = [];
  #entries: Entry[] = [];
  #bytes = 0;
  #bytesInMemory = 0;

  constructor(store: BatchStore | undefined, report: (event: UsageEvent) => void) {
    this.#store = store;
    this.#report = report;
  }

  /** Takes up what an earlier boot left. Gives the digest of its newest batch. */
  async restore(): Promise<string | null> {
    if (this.#store === undefined) return null;
    const restored = await this.#store.restore();
    if (!restored.ok) {
      this.#report({ kind: 'outbox_fault', code: restored.error });
      return null;
    }
    for (const { name, bytes } of restored.value.pending) this.#push({ name, bytes, batch: undefined });
    if (this.#entries.length > 0) this.#report({ kind: 'outbox_restored', batches: this.#entries.length });
    return restored.value.previous;
  }

  /** Batches not answered yet. */
  get size(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether everything that waits is on disk. */
  get isOnDisk(): boolean {
    return this.#entries.every((entry) => entry.name !== undefined);
  }

  get isFull(): boolean {
    return this.#bytesInMemory >= maxBytesInMemory || this.#bytes >= maxBytesOnDisk;
  }

  /** Puts a batch last; on disk when this resolves, unless the disk fails. */
  async add(batch: SealedBatch): Promise<void> {
    const saved = await this.#store?.save(batch);
    if (saved?.ok === false) this.#report({ kind: 'outbox_fault', code: saved.error });
    const name = saved?.ok === true ? saved.value : undefined;
    const isKept = name === undefined || this.#bytesInMemory + batch.body.length <= maxBytesBesideDisk;
    this.#push({ name, bytes: batch.body.length, batch: isKept ? batch : undefined });
  }

  /** The batch to post next. A file that is not what was saved is put aside on the way. */
  async head(): Promise<SealedBatch | undefined> {
    for (let [entry] = this.#entries; entry !== undefined; [entry] = this.#entries) {
      if (entry.batch !== undefined) return entry.batch;
      const loaded = entry.name === undefined ? undefined : await this.#store?.load(entry.name);
      if (loaded?.ok === true && loaded.value !== undefined) return loaded.value;
      if (loaded?.ok === false) this.#report({ kind: 'outbox_fault', code: loaded.error });
      this.#report({ kind: 'outbox_damaged', name: entry.name ?? '' });
      await this.park();
    }
    return undefined;
  }

  /** The first batch was answered. */
  async acknowledge(): Promise<void> {
    const entry = this.#shift();
    if (entry?.name === undefined) return;
    const finished = await this.#store?.finish(entry.name);
    // Posted again after a restart, it counts once all the same.
    if (finished?.ok === false) this.#report({ kind: 'outbox_fault', code: finished.error });
  }

  /** The first batch will never be answered: it is put aside. */
  async park(): Promise<void> {
    const entry = this.#shift();
    if (entry === undefined) return;
    const parked = entry.name === undefined ? undefined : await this.#store?.park(entry.name);
    if (parked?.ok === false) this.#report({ kind: 'outbox_fault', code: parked.error });
    if (parked?.ok === true || entry.batch === undefined) return;
    this.#parked.push(entry.batch);
    const lost = this.#parked.length > maxParkedInMemory ? this.#parked.shift() : undefined;
    if (lost !== undefined) this.#report({ kind: 'usage_lost', boot: lost.boot, seq: lost.seq });
  }

  #push(entry: Entry): void {
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
    if (entry.batch !== undefined) this.#bytesInMemory += entry.bytes;
  }

  #shift(): Entry | undefined {
    const entry = this.#entries.shift();
    if (entry === undefined) return undefined;
    this.#bytes -= entry.bytes;
    if (entry.batch !== undefined) this.#bytesInMemory -= entry.bytes;
    return entry;
  }
}
