import { Counter, type Registry } from 'prom-client';

/** What a tally is called when it is scraped. */
export interface TallyName<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly [Label, Label];
}

/**
 * A counter by two labels of few values each. Counting is two look-ups; the metric is made when it is scraped, since a
 * `Counter` takes some us, and six objects, to find its place each time. Source: measured.
 */
export class Tally<First extends string, Second extends string> {
  readonly #counts = new Map<First, Map<Second, number>>();

  constructor(registry: Registry, { name, help, labels }: TallyName<string>) {
    const [first, second] = labels;
    const counts = this.#counts;
    const counter = new Counter({
      name,
      help,
      labelNames: labels,
      collect() {
        this.reset();
        for (const [firstValue, row] of counts) {
          for (const [secondValue, count] of row) {
            this.inc({ [first]: firstValue, [second]: secondValue }, count);
          }
        }
      },
      registers: [],
    });
    registry.registerMetric(counter);
  }

  add(first: First, second: Second): void {
    let row = this.#counts.get(first);
    if (row === undefined) {
      row = new Map();
      this.#counts.set(first, row);
    }
    row.set(second, (row.get(second) ?? 0) + 1);
  }
}
