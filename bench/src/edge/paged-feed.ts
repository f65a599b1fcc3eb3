import { type FeedCursor, type FeedRecord, feedStart, maxPageRecords } from '@marvel/shared/feed';

const pageLifeMs = 60_000;

/**
 * A feed in memory, cut once into pages of the largest size. Records are kept as the text they are sent as, so that the
 * feed of a million keys is text and not objects, and answering costs little more than signing.
 */
export class PagedFeed {
  readonly #fleet: string;
  readonly #pages: string[] = [];

  constructor(fleet: string, records: Iterable<FeedRecord>) {
    this.#fleet = fleet;
    this.publish(records);
  }

  /** Adds records as pages of their own. */
  publish(records: Iterable<FeedRecord>): void {
    let texts: string[] = [];
    for (const record of records) {
      texts.push(JSON.stringify(record));
      if (texts.length < maxPageRecords) continue;
      this.#pages.push(texts.join(','));
      texts = [];
    }
    if (texts.length > 0) this.#pages.push(texts.join(','));
  }

  /** The page after a cursor, as JSON: empty at the head. Errors: throws on a cursor that this feed never gave. */
  page(since: string, nowMs: number): string {
    const index = since === feedStart ? 0 : Number(/^1\.(\d+)$/.exec(since)?.[1] ?? Number.NaN);
    if (!(index <= this.#pages.length)) throw new RangeError('a cursor that is not of this feed');
    const records = this.#pages[index];
    const head = {
      fleet: this.#fleet,
      epoch: 1,
      from: since,
      to: cursorAt(records === undefined ? index : index + 1),
      head: cursorAt(this.#pages.length),
      elsewhere: [],
      issued_at: new Date(nowMs).toISOString(),
      expires_at: new Date(nowMs + pageLifeMs).toISOString(),
    };
    return `${JSON.stringify(head).slice(0, -1)},"records":[${records ?? ''}]}`;
  }
}

function cursorAt(index: number): FeedCursor {
  return index === 0 ? feedStart : `1.${index}`;
}
