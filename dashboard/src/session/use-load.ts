import { useEffect, useState } from 'preact/hooks';
import { describeProblem, isSignedOut, type Problem } from './problem.ts';
import { endSession } from './session.ts';

/** What a page knows of something that it asked for. */
export type Loaded<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly problem: Problem }
  | { readonly state: 'ready'; readonly value: T };

export interface Loading<T> {
  readonly current: Loaded<T>;
  /** Asks again and shows what there is meanwhile. */
  readonly reload: () => void;
}

interface LoadOptions {
  /** What to do when the caller is not known; by default the session is over. */
  readonly onSignedOut?: () => void;
}

/** Asks when the page is shown and whenever one of `keys` changes; an answer that nobody waits for any more is dropped. */
export function useLoad<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[] = [],
  { onSignedOut = () => endSession('ended') }: LoadOptions = {},
): Loading<T> {
  const [current, setCurrent] = useState<Loaded<T>>({ state: 'loading' });
  const [times, setTimes] = useState(0);
  useEffect(() => {
    const leaving = new AbortController();
    ask(leaving.signal).then(
      (value) => leaving.signal.aborted || setCurrent({ state: 'ready', value }),
      (error: unknown) => {
        if (leaving.signal.aborted) return;
        if (isSignedOut(error)) onSignedOut();
        setCurrent({ state: 'failed', problem: describeProblem(error) });
      },
    );
    return () => leaving.abort();
  }, [...keys, times]);
  return {
    current,
    reload: () => {
      if (current.state === 'failed') setCurrent({ state: 'loading' });
      setTimes(times + 1);
    },
  };
}
