import { useSignal } from '@preact/signals';
import type { CreatedSubUser, SubUser } from '@marvel/sdk';
import { draftLimits, readDraft } from '../../limits/limits-draft.ts';
import { LimitsFields } from '../../limits/limits-fields.tsx';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { DialogForm } from '../../ui/dialog-form.tsx';
import { TextField, wrongOf } from '../../ui/field.tsx';
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
      <DialogForm action={save} submit={of === undefined ? 'Make the sub-user' : 'Save'} onCancel={onClose}>
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
      </DialogForm>
    </Dialog>
  );
}
