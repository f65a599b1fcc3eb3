import * as v from 'valibot';

/** One subject at one workload in one round. */
export const Sample = v.object({
  /** The first figure, in the workload's unit; `null` for `direct`, which has no proxy to account for. */
  cost: v.nullable(v.number()),
  /** Units of work per second of wall clock, in the workload's unit of rate; `null` where it has none. */
  rate: v.nullable(v.number()),
  p50_us: v.nullable(v.number()),
  p99_us: v.nullable(v.number()),
  /** How busy load generator, origin and exit were, of the time it took; near 1 per core means they set the pace. */
  load_busy: v.nullable(v.number()),
  /** Work done: bytes, tunnels, round trips or requests; for memory, tunnels open. */
  units: v.number(),
  /** How busy the proxy's core was, of the time it took. */
  proxy_busy: v.nullable(v.number()),
});
export type Sample = v.InferOutput<typeof Sample>;

/** One subject at one workload: a sample for each round, `null` for a round that failed. */
export const Row = v.object({
  subject: v.string(),
  samples: v.array(v.nullable(Sample)),
  /** Why there is no sample, or fewer than rounds. */
  trouble: v.nullable(v.string()),
});
export type Row = v.InferOutput<typeof Row>;

/** One workload, with every subject that was to run it. */
export const WorkloadResult = v.object({
  workload: v.string(),
  what: v.string(),
  unit: v.string(),
  rate_unit: v.nullable(v.string()),
  latency: v.nullable(v.string()),
  rows: v.array(Row),
});
export type WorkloadResult = v.InferOutput<typeof WorkloadResult>;

/** A figure of the system as a whole, which has no rival: its samples, in its unit. */
export const Figure = v.object({ figure: v.string(), unit: v.string(), samples: v.array(v.number()) });
export type Figure = v.InferOutput<typeof Figure>;

/** A subject as it was there. */
export const SubjectResult = v.object({
  name: v.string(),
  note: v.string(),
  version: v.nullable(v.string()),
  /** How to get it; `null` when it ran. */
  missing: v.nullable(v.string()),
});
export type SubjectResult = v.InferOutput<typeof SubjectResult>;

/** One run of the benchmark, as written to `results/`. */
export const BenchResult = v.object({
  date: v.string(),
  rounds: v.number(),
  quick: v.boolean(),
  machine: v.object({ cpu: v.string(), cores: v.number(), kernel: v.string(), node: v.string() }),
  subjects: v.array(SubjectResult),
  workloads: v.array(WorkloadResult),
  figures: v.array(Figure),
  /** Groups of system measures that were run, and why those failed that did. */
  measures: v.array(v.object({ group: v.string(), trouble: v.nullable(v.string()) })),
});
export type BenchResult = v.InferOutput<typeof BenchResult>;
