/** Which processors do what: the proxy under test has one to itself as far as the benchmark goes. */
export interface Cores {
  readonly proxy: number;
  readonly load: number;
  readonly origin: number;
}

/** Reads a list of processors as the kernel writes it: `0-2,5`. Source: proc(5), `Cpus_allowed_list`. */
export function parseCoreList(text: string): readonly number[] {
  return text
    .trim()
    .split(',')
    .flatMap((range) => {
      const [first = Number.NaN, last = first] = range.split('-').map((part) => Number.parseInt(part, 10));
      return Number.isInteger(first) && Number.isInteger(last) && last - first < 4096
        ? Array.from({ length: last - first + 1 }, (_, index) => first + index)
        : [];
    });
}

/**
 * The last core for the proxy, since interrupts prefer the first; the others for load and origin, one each from three
 * cores on. `undefined` with fewer than two: then nothing here means anything.
 */
export function chooseCores(allowed: readonly number[]): Cores | undefined {
  const proxy = allowed.at(-1);
  const [load, second] = allowed;
  if (proxy === undefined || load === undefined || allowed.length < 2) return undefined;
  return { proxy, load, origin: allowed.length > 2 && second !== undefined ? second : load };
}
