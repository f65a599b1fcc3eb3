import { useSignal } from '@preact/signals';
import type { Customer, SubUser } from '@marvel/sdk';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import type { Loading } from '../../session/use-load.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { DialogForm } from '../../ui/dialog-form.tsx';
import { TextField, wrongOf } from '../../ui/field.tsx';
import { say } from '../../ui/toast.tsx';
import { SubUserSelect } from '../sub-users/sub-user-select.tsx';

interface CustomerDialogProps {
  /** The customer to edit; without one a customer is made. */
  readonly of: Customer | undefined;
  readonly subUsers: Loading<readonly SubUser[]>;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function given(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}

export function CustomerDialog({ of, subUsers, onClose, onDone }: CustomerDialogProps) {
  const name = useSignal(of?.name ?? '');
  const email = useSignal(of?.email ?? '');
  const reference = useSignal(of?.reference ?? '');
  const subUser = useSignal(of?.sub_user_id ?? '');
  const save = useAction(async () => {
    const body = {
      name: name.value,
      email: given(email.value),
      reference: given(reference.value),
      sub_user_id: given(subUser.value),
    };
    await (of === undefined ? marvel.customers.create(body) : marvel.customers.update(of.id, body));
    say(of === undefined ? `${name.value} is a customer now` : 'Saved');
    onDone();
  });
  return (
    <Dialog title={of === undefined ? 'New customer' : `Edit ${of.name}`} onClose={onClose}>
      <DialogForm action={save} submit={of === undefined ? 'Make the customer' : 'Save'} onCancel={onClose}>
        <TextField
          label="Name"
          name="name"
          required
          value={name.value}
          onInput={(value) => (name.value = value)}
          wrong={wrongOf(save.problem, 'name')}
        />
        <div class="form-grid">
          <TextField
            label="E-mail (optional)"
            name="email"
            type="email"
            value={email.value}
            onInput={(value) => (email.value = value)}
            wrong={wrongOf(save.problem, 'email')}
          />
          <TextField
            label="Reference (optional)"
            name="reference"
            hint="What your own books call them."
            value={reference.value}
            onInput={(value) => (reference.value = value)}
            wrong={wrongOf(save.problem, 'reference')}
          />
        </div>
        <SubUserSelect
          label="Sub-user"
          none="None yet"
          hint="Its limits follow the plan. Needed before a plan begins; it stays while one goes on."
          of={subUsers}
          value={subUser.value}
          onChange={(id) => (subUser.value = id)}
          wrong={wrongOf(save.problem, 'sub_user_id')}
        />
      </DialogForm>
    </Dialog>
  );
}
