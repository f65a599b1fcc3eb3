import { err, ok, type Result } from '@marvel/shared/result';
import { expect, test } from 'vitest';
import { inParallel } from './in-parallel.ts';

/** Settles as a failure as soon as it is given up. */
async function untilGivenUp(signal: AbortSignal): Promise<Result<never, string>> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  return err('given up');
}

test('gives the values in the order of the tasks', async () => {
  expect(await inParallel(undefined, [async () => ok(1), async () => ok('two')])).toEqual(ok([1, 'two']));
});

test('the first failure gives the others up, and is the one that is told', async () => {
  expect(await inParallel(undefined, [untilGivenUp, async () => err('first'), untilGivenUp])).toEqual(err('first'));
});

test('waits for tasks that do not listen, so that nothing is still being started afterwards', async () => {
  let isDone = false;
  const slow = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    isDone = true;
    return ok(undefined);
  };
  expect(await inParallel(undefined, [async () => err('failed'), slow])).toEqual(err('failed'));
  expect(isDone).toBe(true);
});

test('a signal from outside reaches every task', async () => {
  const stop = new AbortController();
  const both = inParallel(stop.signal, [untilGivenUp, untilGivenUp]);
  stop.abort();
  expect(await both).toEqual(err('given up'));
});

test('a task that throws gives the others up, and is thrown on', async () => {
  const bug = new TypeError('a bug');
  const throwing = async (): Promise<Result<never, string>> => {
    throw bug;
  };
  await expect(inParallel(undefined, [throwing, untilGivenUp])).rejects.toBe(bug);
});
