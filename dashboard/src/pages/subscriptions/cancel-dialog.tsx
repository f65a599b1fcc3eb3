import { useSignal } from '@preact/signals';
import type { Subscription } from '@marvel/sdk';
import { formatDate } from '../../format/time.ts';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { Confirm } from '../../ui/dialog.tsx';
import { Segmented } from '../../ui/field.tsx';
import { say } from '../../ui/toast.tsx';

interface CancelDialogProps {
  readonly of: Subscription;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Cancels a subscription: when its period ends, or at once. */
export function CancelDialog({ of, onClose, onDone }: CancelDialogProps) {
  const { id, name, customer_id: customer, current_period_end: end, status } = of;
  // What has not begun, or was not paid, has no period to run out.
  const hasPeriod = end !== null && status !== 'past_due';
  const isLater = useSignal(hasPeriod);
  const cancel = useAction(async () => {
    const { cancel_at_period_end: endsLater } = await marvel.subscriptions.cancel(id, {
      at_period_end: isLater.value,
    });
    say(endsLater ? `${name} ends with its period` : `${name} is cancelled`);
    onDone();
  });
  const afterwards =
    customer === null ? 'Bytes that were credited stay until then.' : 'Until then its sub-user goes on.';
  const atOnce =
    customer === null
      ? 'It is billed no more. Bytes that were credited stay until the period ends.'
      : 'Its sub-user is refused from now on.';
  return (
    <Confirm
      title={`Cancel ${name}?`}
      verb="Cancel it"
      isBusy={cancel.isBusy}
      problem={cancel.problem}
      onClose={onClose}
      onConfirm={() => cancel.run()}
    >
      {hasPeriod && (
        <Segmented
          label="When"
          name="when"
          value={isLater.value ? 'later' : 'now'}
          onChange={(value) => (isLater.value = value === 'later')}
          options={[
            ['later', 'When its period ends'],
            ['now', 'At once'],
          ]}
        />
      )}
      <p>{isLater.value && end !== null ? `Its period ends on ${formatDate(end)}. ${afterwards}` : atOnce}</p>
    </Confirm>
  );
}
