import type { Figure } from '../result.ts';

/** Gathers the samples of figures, in the order in which they are first named. */
export class Figures {
  readonly #figures = new Map<string, { readonly unit: string; readonly samples: number[] }>();

  add(figure: string, unit: string, ...samples: readonly number[]): void {
    const gathered = this.#figures.get(figure) ?? { unit, samples: [] };
    gathered.samples.push(...samples);
    this.#figures.set(figure, gathered);
  }

  all(): readonly Figure[] {
    return [...this.#figures].map(([figure, { unit, samples }]) => ({ figure, unit, samples }));
  }
}
