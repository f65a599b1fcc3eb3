import { useSignal } from '@preact/signals';
import type { Plan } from '@marvel/sdk';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField, wrongOf } from '../../ui/field.tsx';
import { ProblemNotice } from '../../ui/notice.tsx';

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
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          save.run();
        }}
      >
        <TextField
          label="Name"
          name="name"
          required
          hint="Subscriptions that there are keep the old one."
          value={name.value}
          onInput={(value) => (name.value = value)}
          wrong={wrongOf(save.problem, 'name')}
        />
        {save.problem !== undefined && <ProblemNotice problem={save.problem} />}
        <div class="form-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={save.isBusy}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
