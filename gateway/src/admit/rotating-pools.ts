import { chooseExit, type ExitWanted, fits } from '@marvel/shared/choose-exit';
import { type Exit, grades } from '@marvel/shared/exit';
import type { FleetView } from '../fleet-view.ts';

/** Draws before the whole country is looked through: enough unless few of its exits fit. */
const maxDraws = 8;

/** Exits of one network, one country or all, and one grade, with the running sum of their weights. */
interface Pool {
  readonly exits: readonly Exit[];
  readonly sums: readonly number[];
}

const noExits: Pool = { exits: [], sums: [] };

/**
 * Rotating exits without looking at all of a country each time: draws by weight among the best grade and draws again when
 * an exit does not fit, which gives each fitting exit the same chance as `chooseExit` does.
 *
 * Cost: O(log exits of the grade) while most of them fit; O(exits of the country) otherwise, and once after a change.
 */
export class RotatingPools {
  readonly #fleet: FleetView;
  readonly #random: () => number;
  readonly #countries = new Map<string, readonly Pool[]>();

  /** `random`: uniform in [0, 1). */
  constructor(fleet: FleetView, random: () => number) {
    this.#fleet = fleet;
    this.#random = random;
  }

  choose(wanted: ExitWanted, nowMs: number): Exit | undefined {
    const [best = noExits] = this.#poolsOf(wanted);
    for (let draw = 0; draw < maxDraws; draw += 1) {
      const exit = drawByWeight(best, this.#random());
      if (exit !== undefined && fits(exit, wanted, nowMs)) return exit;
    }
    const exits = this.#fleet.exits(wanted.network, wanted.country);
    return chooseExit(exits, wanted, { kind: 'rotating', random: this.#random }, nowMs);
  }

  /** Forgets what was known of exits: some have changed. */
  forget(): void {
    this.#countries.clear();
  }

  #poolsOf({ network, country }: ExitWanted): readonly Pool[] {
    const name = `${network} ${country ?? 'any'}`;
    let pools = this.#countries.get(name);
    if (pools === undefined) {
      const exits = this.#fleet.exits(network, country);
      pools = grades.map((grade) => poolOf(exits.filter((exit) => exit.grade === grade))).filter(hasExits);
      // Asking for a country that has none must not make this grow.
      if (pools.length > 0) this.#countries.set(name, pools);
    }
    return pools;
  }
}

function poolOf(exits: readonly Exit[]): Pool {
  let sum = 0;
  return {
    exits,
    sums: exits.map((exit) => {
      sum += exit.weight;
      return sum;
    }),
  };
}

function hasExits(pool: Pool): boolean {
  return pool.exits.length > 0;
}

function drawByWeight({ exits, sums }: Pool, random: number): Exit | undefined {
  const place = random * (sums.at(-1) ?? 0);
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sums[middle] ?? 0) > place) high = middle;
    else low = middle + 1;
  }
  return exits[low];
}
