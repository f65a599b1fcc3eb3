import { useSignal } from '@preact/signals';
import type { OperatorAccount } from '@marvel/sdk';
import { operator } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { DialogForm } from '../../ui/dialog-form.tsx';
import { TextField, wrongOf } from '../../ui/field.tsx';
import { say } from '../../ui/toast.tsx';

interface StandingDialogProps {
  readonly account: OperatorAccount;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Suspends an account, or lifts its suspension; the audit log keeps why. */
export function StandingDialog({ account, onClose, onDone }: StandingDialogProps) {
  const { account_id: id, email } = account;
  const isActive = account.status === 'active';
  const reason = useSignal('');
  const change = useAction(async () => {
    const body = { reason: reason.value };
    await (isActive ? operator.accounts.suspend(id, body) : operator.accounts.unsuspend(id, body));
    say(isActive ? `${email} is suspended` : `${email} is active again`);
    onDone();
  });
  return (
    <Dialog title={isActive ? 'Suspend this account?' : 'Lift the suspension?'} onClose={onClose}>
      <p>
        {isActive
          ? `Every gateway refuses the credentials of ${email} within seconds and cuts its open tunnels. It can still sign in and read.`
          : `The credentials of ${email} work again within seconds.`}
      </p>
      <DialogForm
        action={change}
        submit={isActive ? 'Suspend' : 'Lift'}
        kind={isActive ? 'danger' : 'primary'}
        onCancel={onClose}
      >
        <TextField
          label="Reason"
          name="reason"
          required
          hint="Only the audit log shows it."
          value={reason.value}
          onInput={(value) => (reason.value = value)}
          wrong={wrongOf(change.problem, 'reason')}
        />
      </DialogForm>
    </Dialog>
  );
}
