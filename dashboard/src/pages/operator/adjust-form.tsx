import { useSignal } from '@preact/signals';
import type { AdjustedBalance } from '@marvel/sdk';
import { bytesPerGb, formatBytes, formatExactBytes } from '../../format/bytes.ts';
import { operator } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { Button } from '../../ui/button.tsx';
import { SelectField, TextField, wrongOf } from '../../ui/field.tsx';
import { Notice, ProblemNotice } from '../../ui/notice.tsx';

interface AdjustFormProps {
  readonly accountId: string;
  readonly onDone: () => void;
}

/** Gives an account bytes, or takes them. */
export function AdjustForm({ accountId, onDone }: AdjustFormProps) {
  const amount = useSignal('');
  const sign = useSignal<'give' | 'take'>('give');
  const reason = useSignal('');
  const done = useSignal<AdjustedBalance | undefined>(undefined);
  const adjust = useAction(async () => {
    done.value = undefined;
    const bytes = Math.round(Number(amount.value) * bytesPerGb) * (sign.value === 'take' ? -1 : 1);
    done.value = await operator.accounts.adjust(accountId, { bytes, reason: reason.value });
    amount.value = '';
    reason.value = '';
    onDone();
  });
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        adjust.run();
      }}
    >
      <div class="form-grid narrow">
        <SelectField
          label="Direction"
          name="sign"
          value={sign.value}
          onChange={(value) => (sign.value = value === 'take' ? 'take' : 'give')}
          options={[
            ['give', 'Give'],
            ['take', 'Take'],
          ]}
        />
        <TextField
          label="Amount in GB"
          name="amount"
          type="number"
          min={0}
          step="any"
          required
          placeholder="1.5"
          value={amount.value}
          onInput={(value) => (amount.value = value)}
          wrong={wrongOf(adjust.problem, 'bytes')}
        />
      </div>
      <TextField
        label="Reason"
        name="reason"
        required
        hint="It stands in the customer’s ledger and in the audit log."
        value={reason.value}
        onInput={(value) => (reason.value = value)}
        wrong={wrongOf(adjust.problem, 'reason')}
      />
      {adjust.problem !== undefined && <ProblemNotice problem={adjust.problem} />}
      {done.value !== undefined && (
        <Notice tone="good" title="Entered in the ledger">
          <span title={formatExactBytes(done.value.balance_bytes)}>
            {`The balance is ${formatBytes(done.value.balance_bytes)} now.`}
          </span>
        </Notice>
      )}
      <div>
        <Button kind="primary" type="submit" isBusy={adjust.isBusy}>
          Adjust
        </Button>
      </div>
    </form>
  );
}
