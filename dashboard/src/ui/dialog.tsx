import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import type { Problem } from '../session/problem.ts';
import { Button } from './button.tsx';
import { ProblemNotice } from './notice.tsx';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/**
 * A modal dialog; the browser keeps the focus within it, closes it on Escape and gives the focus back. It hears of Escape by
 * `cancel`: `close` comes only with the next frame, and would take away what was opened in between.
 */
export function Dialog({ title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Not `useEffect`, whose end waits for the next frame too: the focus would be on nothing until then.
  useLayoutEffect(() => {
    const shown = dialog.current;
    const opener = document.activeElement;
    shown?.showModal();
    return () => {
      shown?.close();
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} class="modal" aria-labelledby={id} onCancel={onClose}>
      <div class="modal-body">
        <div class="cluster apart">
          <h2 id={id}>{title}</h2>
          <Button kind="quiet" small onClick={onClose} label="Close">
            ✕
          </Button>
        </div>
        {children}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** What the button that does it says. */
  readonly verb: string;
  readonly isBusy: boolean;
  readonly problem: Problem | undefined;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before something that cannot be undone. */
export function Confirm({ title, children, verb, isBusy, problem, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="stack tight">{children}</div>
      {problem !== undefined && <ProblemNotice problem={problem} />}
      <div class="form-foot">
        <Button onClick={onClose}>Keep it</Button>
        <Button kind="danger" isBusy={isBusy} onClick={onConfirm}>
          {verb}
        </Button>
      </div>
    </Dialog>
  );
}
