import { useSignal } from '@preact/signals';
import type { CreatedKey, Key } from '@marvel/sdk';
import { draftLimits, readDraft } from '../../limits/limits-draft.ts';
import { LimitsFields } from '../../limits/limits-fields.tsx';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { DialogForm } from '../../ui/dialog-form.tsx';
import { SelectField, TextField, wrongOf } from '../../ui/field.tsx';
import { say } from '../../ui/toast.tsx';
import { connectKey } from '../connect/connect-key.ts';

interface KeyDialogProps {
  /** The key to edit; without one a key is made. */
  readonly of: Key | undefined;
  readonly onClose: () => void;
  readonly onDone: (made: CreatedKey | undefined) => void;
}

export function KeyDialog({ of, onClose, onDone }: KeyDialogProps) {
  const label = useSignal(of?.label ?? '');
  const limits = useSignal(draftLimits(of?.limits ?? {}));
  const mode = useSignal<'live' | 'test'>('live');
  const save = useAction(async () => {
    const given = { label: label.value, limits: readDraft(limits.value) };
    if (of === undefined) {
      const made = await marvel.keys.create({ ...given, mode: mode.value });
      connectKey.value = made.key;
      onDone(made);
    } else {
      await marvel.keys.update(of.id, given);
      say('Saved; gateways know within 2 seconds');
      onDone(undefined);
    }
  });
  return (
    <Dialog title={of === undefined ? 'New key' : 'Edit key'} onClose={onClose}>
      <DialogForm action={save} submit={of === undefined ? 'Make the key' : 'Save'} onCancel={onClose}>
        <TextField
          label="Label"
          name="label"
          placeholder="what it is for"
          value={label.value}
          onInput={(value) => (label.value = value)}
          wrong={wrongOf(save.problem, 'label')}
        />
        {of === undefined && (
          <SelectField
            label="Kind"
            name="mode"
            value={mode.value}
            onChange={(value) => (mode.value = value === 'test' ? 'test' : 'live')}
            options={[
              ['live', 'Live: bills bytes'],
              ['test', 'Test: never bills'],
            ]}
          />
        )}
        <LimitsFields draft={limits.value} onChange={(draft) => (limits.value = draft)} problem={save.problem} />
      </DialogForm>
    </Dialog>
  );
}
