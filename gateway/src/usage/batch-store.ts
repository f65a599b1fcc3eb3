import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from '@marvel/shared/parse-json';
import { headDigest, headOf } from '@marvel/shared/receipt/receipt';
import { err, ok, type Result } from '@marvel/shared/result';
import { UsageBatch } from '@marvel/shared/usage-batch';
import * as v from 'valibot';
import { batchDigest, type SealedBatch } from './sealed-batch.ts';

const Head = v.strictObject({ format: v.literal(1), digest: v.string(), signature: v.string() });

/** `<ordinal>-<gateway>-<boot>-<seq>.<state>`: in the order in which they have to be posted, whatever boot made them. */
const namePattern =
  /^(?<ordinal>[0-9]{16})-(?<gateway>[a-z]+_[0-9A-Za-z]+)-(?<boot>[0-9a-f]{32})-(?<seq>[0-9]{1,16})[.](?<state>batch|done)$/;

interface Name {
  readonly ordinal: number;
  readonly boot: string;
  readonly seq: number;
}

/** What an earlier boot left. */
export interface Restored {
  /** Names of batches to post, oldest first. */
  readonly pending: readonly { readonly name: string; readonly bytes: number }[];
  /** `headDigest` of the newest batch, answered or not. */
  readonly previous: string | null;
}

/** Sealed batches as files, each whole and on disk before its name exists. Errors: the code of the system call. */
export class BatchStore {
  readonly #directory: string;
  readonly #gateway: string;
  #nextOrdinal = 1;
  #lastDone: string | undefined;

  constructor(directory: string, gateway: string) {
    this.#directory = directory;
    this.#gateway = gateway;
  }

  async restore(): Promise<Result<Restored, string>> {
    return attempt(async () => {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      const all = (await readdir(this.#directory)).toSorted();
      for (const draft of all.filter((name) => name.endsWith('.draft'))) await rm(this.#path(draft), { force: true });
      const own = all.filter((name) => this.#parse(name) !== undefined);
      const newest = own.at(-1);
      this.#nextOrdinal = newest === undefined ? 1 : (this.#parse(newest)?.ordinal ?? 0) + 1;
      this.#lastDone = own.findLast((name) => name.endsWith('.done'));
      const sealed = newest === undefined ? undefined : await this.#read(newest);
      const batch = sealed && parseJson(sealed.body, UsageBatch);
      const pending: { name: string; bytes: number }[] = [];
      for (const name of own.filter((each) => each.endsWith('.batch'))) {
        pending.push({ name, bytes: (await stat(this.#path(name))).size });
      }
      return { pending, previous: batch === undefined ? null : headDigest(headOf(batch)) };
    });
  }

  /** Gives the name of the file. */
  async save(batch: SealedBatch): Promise<Result<string, string>> {
    const ordinal = String(this.#nextOrdinal).padStart(16, '0');
    const name = `${ordinal}-${batch.gateway}-${batch.boot}-${batch.seq}.batch`;
    const draft = this.#path(`${name}.draft`);
    const head = { format: 1, digest: batchDigest(batch.body), signature: batch.signature };
    const saved = await attempt(async () => {
      const file = await open(draft, 'w', 0o600);
      try {
        await file.writeFile(Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), batch.body]));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, this.#path(name));
      await this.#sync();
      return name;
    });
    if (saved.ok) this.#nextOrdinal += 1;
    else await rm(draft, { force: true }).catch(() => undefined);
    return saved;
  }

  /** `undefined` for a file that is not what was saved. */
  load(name: string): Promise<Result<SealedBatch | undefined, string>> {
    return attempt(() => this.#read(name));
  }

  /** Forgets an answered batch; the newest stays, for the next to be chained to. */
  async finish(name: string): Promise<Result<void, string>> {
    const done = name.replace(/[.]batch$/, '.done');
    return attempt(async () => {
      await rename(this.#path(name), this.#path(done));
      if (this.#lastDone !== undefined) await rm(this.#path(this.#lastDone), { force: true });
      this.#lastDone = done;
    });
  }

  /** Puts a batch aside for someone to look at. */
  async park(name: string): Promise<Result<void, string>> {
    return attempt(() => rename(this.#path(name), this.#path(name.replace(/[.]batch$/, '.parked'))));
  }

  async #read(name: string): Promise<SealedBatch | undefined> {
    const bytes = await readFile(this.#path(name));
    const headEnd = bytes.indexOf('\n');
    const head = v.safeParse(v.pipe(v.string(), v.parseJson(), Head), bytes.toString('utf8', 0, Math.max(0, headEnd)));
    const body = bytes.subarray(headEnd + 1);
    const named = this.#parse(name);
    if (!head.success || named === undefined || batchDigest(body) !== head.output.digest) return undefined;
    return { gateway: this.#gateway, boot: named.boot, seq: named.seq, body, signature: head.output.signature };
  }

  async #sync(): Promise<void> {
    const directory = await open(this.#directory, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  #parse(name: string): Name | undefined {
    const parts = namePattern.exec(name)?.groups;
    if (parts?.['gateway'] !== this.#gateway) return undefined;
    return { ordinal: Number(parts['ordinal']), boot: parts['boot'] ?? '', seq: Number(parts['seq']) };
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

async function attempt<T>(work: () => Promise<T>): Promise<Result<T, string>> {
  try {
    return ok(await work());
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') return err(error.code);
    throw error;
  }
}
