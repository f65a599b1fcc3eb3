import type { ComponentChildren } from 'preact';
import type { Action } from '../session/use-action.ts';
import { Button } from './button.tsx';
import { ProblemNotice } from './notice.tsx';

interface DialogFormProps {
  /** What submitting it does. */
  readonly action: Pick<Action<readonly []>, 'run' | 'isBusy' | 'problem'>;
  /** What the button says that does it. */
  readonly submit: string;
  readonly kind?: 'primary' | 'danger';
  readonly onCancel: () => void;
  readonly children: ComponentChildren;
}

/** The form of a dialog: its fields, what went wrong, and the buttons that leave it. */
export function DialogForm({ action, submit, kind = 'primary', onCancel, children }: DialogFormProps) {
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        action.run();
      }}
    >
      {children}
      {action.problem !== undefined && <ProblemNotice problem={action.problem} />}
      <div class="form-foot">
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind={kind} type="submit" isBusy={action.isBusy}>
          {submit}
        </Button>
      </div>
    </form>
  );
}
