/** What durations are called when they are scraped, and where their buckets end, seconds, rising. */
export interface DurationsName {
  readonly name: string;
  readonly help: string;
  readonly bucketsS: readonly number[];
}

/**
 * A Prometheus histogram of durations without labels. To observe is a walk over a few bounds; the `Histogram` of the library
 * makes some objects each time. Source: measured.
 */
export class Durations {
  readonly #name: DurationsName;
  readonly #boundsMs: readonly number[];
  /** How many fell in each bucket; the last is for what is beyond all bounds. */
  readonly #counts: number[];
  #sumMs = 0;

  constructor(name: DurationsName) {
    this.#name = name;
    this.#boundsMs = name.bucketsS.map((boundS) => boundS * 1000);
    this.#counts = Array.from({ length: name.bucketsS.length + 1 }, () => 0);
  }

  observe(durationMs: number): void {
    const bounds = this.#boundsMs;
    let index = 0;
    while (index < bounds.length && durationMs > (bounds[index] ?? 0)) index += 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sumMs += durationMs;
  }

  /** As a scrape has it. Source: Prometheus text format 0.0.4. */
  text(): string {
    const { name, help, bucketsS } = this.#name;
    let text = `\n# HELP ${name} ${help}\n# TYPE ${name} histogram\n`;
    let count = 0;
    for (const [index, inBucket] of this.#counts.entries()) {
      count += inBucket;
      text += `${name}_bucket{le="${bucketsS[index] ?? '+Inf'}"} ${count}\n`;
    }
    return `${text}${name}_sum ${this.#sumMs / 1000}\n${name}_count ${count}\n`;
  }
}
