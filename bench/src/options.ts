import { parseArgs } from 'node:util';
import { err, ok, type Result } from '@marvel/shared/result';
import type { Extent } from './run-workload.ts';

/** What a person asked for. */
export interface Options {
  /** Groups of workloads; empty for all. */
  readonly groups: readonly string[];
  /** Subjects; empty for all. */
  readonly only: readonly string[];
  /** A look, not a measurement: too short or too few rounds for its result to be kept. */
  readonly quick: boolean;
  readonly help: boolean;
  readonly extent: Extent;
}

const full: Extent = {
  rounds: 5,
  seconds: 1.2,
  count: 12_000,
  warmUpSeconds: 0.5,
  maxWarmUpSeconds: 15,
  memoryTunnels: Infinity,
  isLook: false,
};
/** Enough to see that everything runs; the figures mean little. */
const quick: Extent = {
  rounds: 2,
  seconds: 0.3,
  count: 1000,
  warmUpSeconds: 0.3,
  maxWarmUpSeconds: 0.5,
  memoryTunnels: 500,
  isLook: true,
};
/** With fewer rounds than this a run is a look too. */
const fewestRounds = full.rounds;
const maxRounds = 100;
const maxSeconds = 60;

export const usage = `pnpm bench [name...] [options]

  --rounds N        rounds of each workload, every subject once in each (default ${full.rounds}, with --quick ${quick.rounds})
  --seconds S       length of a timed sample (default ${full.seconds}, with --quick ${quick.seconds})
  --only a,b        only these subjects
  --quick           a short look: checks that everything runs, writes nothing into the repository
                    (so does a run of fewer than ${full.rounds} rounds)
  --help`;

/** Reads the command line. Errors: a sentence for the person who wrote it. */
export function readOptions(
  args: readonly string[],
  knownGroups: readonly string[],
  knownSubjects: readonly string[],
): Result<Options, string> {
  const read = parse(args);
  if (!read.ok) return read;
  const { values, positionals } = read.value;
  const preset = values.quick ? quick : full;
  const rounds = values.rounds === undefined ? preset.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > maxRounds) return err(`--rounds is 1 to ${maxRounds}`);
  const seconds = values.seconds === undefined ? preset.seconds : Number(values.seconds);
  if (!(seconds > 0 && seconds <= maxSeconds)) return err(`--seconds is more than 0 and at most ${maxSeconds}`);
  const only = (values.only ?? '').split(',').filter((name) => name !== '');
  const unknown = [
    ...positionals.filter((name) => !knownGroups.includes(name)),
    ...only.filter((name) => !knownSubjects.includes(name)),
  ];
  if (unknown.length > 0) {
    return err(
      `Unknown: ${unknown.join(', ')}. Work: ${knownGroups.join(', ')}. Subjects: ${knownSubjects.join(', ')}.`,
    );
  }
  return ok({
    groups: positionals,
    only,
    quick: values.quick || rounds < fewestRounds,
    help: values.help,
    extent: { ...preset, rounds, seconds },
  });
}

function parse(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        only: { type: 'string' },
        quick: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return ok({ values, positionals });
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}
