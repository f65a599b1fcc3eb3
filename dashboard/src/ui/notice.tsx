import type { ComponentChildren } from 'preact';
import type { Problem } from '../session/problem.ts';
import { Button } from './button.tsx';

export type Tone = 'good' | 'warn' | 'bad' | 'info';

interface NoticeProps {
  readonly tone?: Tone;
  readonly title?: string;
  readonly children?: ComponentChildren;
}

/** Something worth knowing. What went wrong or well just now is said aloud. */
export function Notice({ tone = 'info', title, children }: NoticeProps) {
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {title !== undefined && <strong>{title}</strong>}
      {children}
    </div>
  );
}

/** A link to where the page of all errors explains this one. */
export function ErrorCodeLink({ code }: { readonly code: string }) {
  return (
    <a href={`/docs/errors#${code}`} target="_blank" rel="noopener">
      <code>{code}</code>
      <span class="sr-only"> (opens the documentation)</span>
    </a>
  );
}

interface ProblemNoticeProps {
  readonly problem: Problem;
  /** What fixes credentials that were refused, where a person has just typed them. */
  readonly typedFix?: string;
  readonly onRetry?: (() => void) | undefined;
}

/** What went wrong, what fixes it, and what to tell support. */
export function ProblemNotice({ problem, typedFix, onRetry }: ProblemNoticeProps) {
  const { code, message, requestId } = problem;
  const fix = code === 'unauthenticated' ? (typedFix ?? problem.fix) : problem.fix;
  return (
    <Notice tone="bad" title={message}>
      <span>{fix}</span>
      <span class="facts">
        <span>
          Code <ErrorCodeLink code={code} />
        </span>
        {requestId !== undefined && (
          <span>
            Request <code>{requestId}</code>
          </span>
        )}
      </span>
      {onRetry !== undefined && (
        <span class="cluster">
          <Button small onClick={onRetry}>
            Try again
          </Button>
        </span>
      )}
    </Notice>
  );
}
