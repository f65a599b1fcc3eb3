/** A page of a list. */
export interface PageOf<Row> {
  readonly data: readonly Row[];
  /** `null` on the last page. */
  readonly next_cursor: string | null;
}

type RowOf<Page> = Page extends PageOf<infer Row> ? Row : never;

/**
 * A list that is read when it is asked for: `await` gives its first page, `for await` every row of every page.
 *
 * Nothing is sent before, and a page at a time after that.
 */
export class Pages<Page extends PageOf<unknown>> implements PromiseLike<Page>, AsyncIterable<RowOf<Page>> {
  readonly #read: (cursor: string | undefined) => Promise<Page>;

  constructor(read: (cursor: string | undefined) => Promise<Page>) {
    this.#read = read;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise of its first page
  async then<A = Page, B = never>(
    onFulfilled?: ((page: Page) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#read(undefined).then(onFulfilled, onRejected);
  }

  /** Page by page. Errors: those of the calls; and when the API gives the same cursor twice, which would never end. */
  async *pages(): AsyncGenerator<Page, void, undefined> {
    let cursor: string | undefined;
    for (;;) {
      const page = await this.#read(cursor);
      yield page;
      if (page.next_cursor === null) return;
      if (page.next_cursor === cursor) throw new Error(`the list does not go on after ${cursor}`);
      cursor = page.next_cursor;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RowOf<Page>, void, undefined> {
    for await (const { data } of this.pages()) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a page holds
      yield* data as readonly RowOf<Page>[];
    }
  }

  /** The first so many rows. */
  async take(maxRows: number): Promise<RowOf<Page>[]> {
    const rows: RowOf<Page>[] = [];
    for await (const row of this) {
      if (rows.length === maxRows) break;
      rows.push(row);
    }
    return rows;
  }
}
