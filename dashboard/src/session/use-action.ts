import { useRef, useState } from 'preact/hooks';
import { describeProblem, type Problem } from './problem.ts';

export interface Action<Args extends readonly unknown[]> {
  readonly isBusy: boolean;
  readonly problem: Problem | undefined;
  /** Begins; does nothing while it is being done. */
  readonly run: (...args: Args) => void;
  readonly reset: () => void;
}

/** Something that a person does: once at a time, with its failure kept to be shown. */
export function useAction<Args extends readonly unknown[]>(work: (...args: Args) => Promise<void>): Action<Args> {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | undefined>();
  const busy = useRef(false);
  function settle(after: Problem | undefined): void {
    busy.current = false;
    setBusy(false);
    setProblem(after);
  }
  return {
    isBusy,
    problem,
    reset: () => setProblem(undefined),
    run: (...args) => {
      if (busy.current) return;
      busy.current = true;
      setBusy(true);
      setProblem(undefined);
      work(...args).then(
        () => settle(undefined),
        (error: unknown) => settle(describeProblem(error)),
      );
    },
  };
}
