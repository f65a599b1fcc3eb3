import { ok, type Result } from '@marvel/shared/result';

type Task<T, E> = (signal: AbortSignal) => Promise<Result<T, E>>;
type Values<Tasks extends readonly Task<unknown, unknown>[]> = {
  readonly [K in keyof Tasks]: Tasks[K] extends Task<infer T, unknown> ? T : never;
};
type Failures<Tasks extends readonly Task<unknown, unknown>[]> =
  Tasks[number] extends Task<unknown, infer E> ? E : never;

/**
 * Runs tasks at once and waits for all of them, also when one fails, so that nothing is still being started when what
 * was started is disposed of. The first failure gives the others up through their signal.
 *
 * Errors: the first failure in time. A task that throws is a bug; it is thrown on when all have ended.
 */
export async function inParallel<const Tasks extends readonly Task<unknown, unknown>[]>(
  signal: AbortSignal | undefined,
  tasks: Tasks,
): Promise<Result<Values<Tasks>, Failures<Tasks>>> {
  const giveUp = new AbortController();
  const either = signal === undefined ? giveUp.signal : AbortSignal.any([signal, giveUp.signal]);
  let failure: Result<never, unknown> | undefined;
  const settled = await Promise.allSettled(
    tasks.map(async (task) => {
      let isDone = false;
      try {
        const result = await task(either);
        isDone = result.ok;
        if (!result.ok) failure ??= result;
        return result;
      } finally {
        if (!isDone) giveUp.abort();
      }
    }),
  );
  const values: unknown[] = [];
  for (const one of settled) {
    if (one.status === 'rejected') throw one.reason;
    if (one.value.ok) values.push(one.value.value);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each value stands at the place of its task
  if (failure === undefined) return ok(values as unknown as Values<Tasks>);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it came out of one of the tasks
  return failure as Result<never, Failures<Tasks>>;
}
