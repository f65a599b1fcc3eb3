import type { Limits } from '@marvel/shared/limits';

interface Shared {
  readonly text: string;
  readonly limits: Limits;
  uses: number;
}

/** No limits at all: what most keys have. */
const unlimited: Limits = Object.freeze({});

/** Limits by number, one for all that are equal; 0 is none. Keeps a million keys with the same limits at one object. */
export class LimitsPool {
  readonly #byText = new Map<string, number>();
  readonly #shared: (Shared | undefined)[] = [undefined];
  readonly #free: number[] = [];

  get(number: number): Limits {
    return this.#shared[number]?.limits ?? unlimited;
  }

  /** The number of these limits, kept until `release`. */
  refer(limits: Limits): number {
    const text = JSON.stringify(limits);
    if (text === '{}') return 0;
    const known = this.#byText.get(text);
    const shared = known === undefined ? undefined : this.#shared[known];
    if (known !== undefined && shared !== undefined) {
      shared.uses += 1;
      return known;
    }
    const number = this.#free.pop() ?? this.#shared.length;
    this.#shared[number] = { text, limits, uses: 1 };
    this.#byText.set(text, number);
    return number;
  }

  release(number: number): void {
    const shared = this.#shared[number];
    if (shared === undefined) return;
    shared.uses -= 1;
    if (shared.uses > 0) return;
    this.#byText.delete(shared.text);
    this.#shared[number] = undefined;
    this.#free.push(number);
  }
}
