import type { ComponentChildren } from 'preact';
import type { Loading } from '../session/use-load.ts';
import { ProblemNotice } from './notice.tsx';

export function Skeleton({ lines = 4 }: { readonly lines?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} />
      ))}
    </div>
  );
}

interface LoadViewProps<T> {
  readonly of: Loading<T>;
  readonly lines?: number;
  readonly children: (value: T) => ComponentChildren;
}

/** What was asked for once it is there; until then that it is being loaded, or why it could not be. */
export function LoadView<T>({ of: { current, reload }, lines, children }: LoadViewProps<T>) {
  if (current.state === 'loading') return <Skeleton {...(lines === undefined ? {} : { lines })} />;
  if (current.state === 'failed') return <ProblemNotice problem={current.problem} onRetry={reload} />;
  return <>{children(current.value)}</>;
}

interface EmptyProps {
  readonly title: string;
  readonly children?: ComponentChildren;
  readonly action?: ComponentChildren;
}

/** Says that there is nothing yet, and what to do about it. */
export function Empty({ title, children, action }: EmptyProps) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
      {action !== undefined && <div class="cluster">{action}</div>}
    </div>
  );
}
