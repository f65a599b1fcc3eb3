import { useSignal } from '@preact/signals';
import type { Plan } from '@marvel/sdk';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { DialogForm } from '../../ui/dialog-form.tsx';
import { TextField, wrongOf } from '../../ui/field.tsx';

interface RenameDialogProps {
  readonly of: Plan;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function RenameDialog({ of, onClose, onDone }: RenameDialogProps) {
  const name = useSignal(of.name);
  const save = useAction(async () => {
    await marvel.plans.update(of.id, { name: name.value });
    onDone();
  });
  return (
    <Dialog title={`Rename ${of.name}`} onClose={onClose}>
      <DialogForm action={save} submit="Save" onCancel={onClose}>
        <TextField
          label="Name"
          name="name"
          required
          hint="Subscriptions that there are keep the old one."
          value={name.value}
          onInput={(value) => (name.value = value)}
          wrong={wrongOf(save.problem, 'name')}
        />
      </DialogForm>
    </Dialog>
  );
}
