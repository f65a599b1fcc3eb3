import { useSignal } from '@preact/signals';
import type { SubUser } from '@marvel/sdk';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import type { Loading } from '../../session/use-load.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { DialogForm } from '../../ui/dialog-form.tsx';
import { SelectField, TextField, wrongOf } from '../../ui/field.tsx';
import { say } from '../../ui/toast.tsx';
import { SubUserSelect } from '../sub-users/sub-user-select.tsx';

interface SourceDialogProps {
  readonly subUsers: Loading<readonly SubUser[]>;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Authorises an address or a host name. */
export function SourceDialog({ subUsers, onClose, onDone }: SourceDialogProps) {
  const kind = useSignal<'ip' | 'hostname'>('ip');
  const value = useSignal('');
  const subUser = useSignal('');
  const isAddress = kind.value === 'ip';
  const save = useAction(async () => {
    const made = await marvel.authorizedSources.create({
      kind: kind.value,
      value: value.value.trim(),
      sub_user: subUser.value === '' ? null : subUser.value,
    });
    say(`${made.value} is authorised; gateways know within 2 seconds`);
    onDone();
  });
  return (
    <Dialog title="New source" onClose={onClose}>
      <DialogForm action={save} submit="Authorise it" onCancel={onClose}>
        <SelectField
          label="Kind"
          name="kind"
          value={kind.value}
          onChange={(chosen) => (kind.value = chosen === 'hostname' ? 'hostname' : 'ip')}
          options={[
            ['ip', 'IP address'],
            ['hostname', 'Host name'],
          ]}
        />
        <TextField
          label={isAddress ? 'Address' : 'Host name'}
          name="value"
          required
          autocomplete="off"
          placeholder={isAddress ? '203.0.113.7' : 'office.example.com'}
          hint={
            isAddress
              ? 'A public IPv4 or IPv6 address. It belongs to one source of the whole service.'
              : 'Looked up every minute, so it can follow an address that changes.'
          }
          value={value.value}
          onInput={(text) => (value.value = text)}
          wrong={wrongOf(save.problem, 'value')}
        />
        <SubUserSelect
          label="Sub-user"
          none="None: the account itself"
          hint="Whose limits apply to its clients."
          of={subUsers}
          value={subUser.value}
          onChange={(id) => (subUser.value = id)}
          wrong={wrongOf(save.problem, 'sub_user')}
        />
      </DialogForm>
    </Dialog>
  );
}
