import { useSignal } from '@preact/signals';
import type { CreatedSubUser, SubUser } from '@marvel/sdk';
import { draftLimits, readDraft } from '../../limits/limits-draft.ts';
import { LimitsFields } from '../../limits/limits-fields.tsx';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField, wrongOf } from '../../ui/field.tsx';
import { ProblemNotice } from '../../ui/notice.tsx';
import { say } from '../../ui/toast.tsx';

interface SubUserDialogProps {
  /** The sub-user to edit; without one a sub-user is made. */
  readonly of: SubUser | undefined;
  readonly onClose: () => void;
  readonly onDone: (made: CreatedSubUser | undefined) => void;
}

export function SubUserDialog({ of, onClose, onDone }: SubUserDialogProps) {
  const username = useSignal('');
  const email = useSignal(of?.email ?? '');
  const limits = useSignal(draftLimits(of?.limits ?? {}));
  const save = useAction(async () => {
    const given = { limits: readDraft(limits.value) };
    const address = email.value.trim();
    if (of === undefined) {
      const made = { ...given, username: username.value, ...(address === '' ? {} : { email: address }) };
      onDone(await marvel.subUsers.create(made));
    } else {
      await marvel.subUsers.update(of.id, { ...given, email: address === '' ? null : address });
      say('Saved; gateways know within 2 seconds');
      onDone(undefined);
    }
  });
  return (
    <Dialog title={of === undefined ? 'New sub-user' : `Edit ${of.username}`} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          save.run();
        }}
      >
        <div class="form-grid">
          {of === undefined && (
            <TextField
              label="Username"
              name="username"
              required
              hint="Letters, digits, underscore."
              value={username.value}
              onInput={(value) => (username.value = value)}
              wrong={wrongOf(save.problem, 'username')}
            />
          )}
          <TextField
            label="E-mail (optional)"
            name="email"
            type="email"
            value={email.value}
            onInput={(value) => (email.value = value)}
            wrong={wrongOf(save.problem, 'email')}
          />
        </div>
        <LimitsFields draft={limits.value} onChange={(draft) => (limits.value = draft)} problem={save.problem} />
        {save.problem !== undefined && <ProblemNotice problem={save.problem} />}
        <div class="form-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={save.isBusy}>
            {of === undefined ? 'Make the sub-user' : 'Save'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
