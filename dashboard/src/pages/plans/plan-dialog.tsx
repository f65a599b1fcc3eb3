import { useSignal } from '@preact/signals';
import type { Plan } from '@marvel/sdk';
import { parseMoney } from '@marvel/shared/money';
import { bytesPerGb } from '../../format/bytes.ts';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { DialogForm } from '../../ui/dialog-form.tsx';
import { SelectField, TextField, wrongOf } from '../../ui/field.tsx';
import { say } from '../../ui/toast.tsx';

const intervals: readonly Plan['interval'][] = ['day', 'week', 'month', 'year'];

const empty = { name: '', gb: '', price: '', currency: 'usd', count: '1', periods: '', threads: '' };

function countOf(text: string): number | null {
  return text.trim() === '' ? null : Number(text);
}

interface PlanDialogProps {
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Makes a plan for customers. */
export function PlanDialog({ onClose, onDone }: PlanDialogProps) {
  const draft = useSignal(empty);
  const interval = useSignal<Plan['interval']>('month');
  const set = (name: keyof typeof empty) => (value: string) => (draft.value = { ...draft.value, [name]: value });
  const save = useAction(async () => {
    const { name, gb, price, currency, count, periods, threads } = draft.value;
    await marvel.plans.create({
      name,
      bytes: Math.round(Number(gb) * bytesPerGb),
      price_cents: parseMoney(price, currency.trim()) ?? Number.NaN,
      currency: currency.trim().toLowerCase(),
      interval: interval.value,
      interval_count: Number(count),
      periods: countOf(periods),
      threads: countOf(threads),
    });
    say(`${name} is a plan now`);
    onDone();
  });
  const { name, gb, price, currency, count, periods, threads } = draft.value;
  const wrong = (field: string) => wrongOf(save.problem, field);
  return (
    <Dialog title="New plan" onClose={onClose}>
      <DialogForm action={save} submit="Make the plan" onCancel={onClose}>
        <TextField label="Name" name="name" required value={name} onInput={set('name')} wrong={wrong('name')} />
        <div class="form-grid">
          <TextField
            label="GB each period"
            name="bytes"
            type="number"
            min={0}
            step="any"
            required
            value={gb}
            onInput={set('gb')}
            wrong={wrong('bytes')}
          />
          <TextField
            label="Threads"
            name="threads"
            type="number"
            min={1}
            placeholder="no limit"
            value={threads}
            onInput={set('threads')}
            wrong={wrong('threads')}
          />
          <TextField
            label="Price"
            name="price"
            type="number"
            min={0}
            step="any"
            required
            hint="What you charge; you collect it yourself."
            value={price}
            onInput={set('price')}
            wrong={wrong('price_cents')}
          />
          <TextField
            label="Currency"
            name="currency"
            required
            value={currency}
            onInput={set('currency')}
            wrong={wrong('currency')}
          />
          <TextField
            label="A period is"
            name="interval_count"
            type="number"
            min={1}
            required
            value={count}
            onInput={set('count')}
            wrong={wrong('interval_count')}
          />
          <SelectField
            label="Of"
            name="interval"
            value={interval.value}
            onChange={(value) => (interval.value = intervals.find((one) => one === value) ?? 'month')}
            options={intervals.map((one) => [one, `${one}${count === '1' ? '' : 's'}`] as const)}
          />
        </div>
        <TextField
          label="Periods"
          name="periods"
          type="number"
          min={1}
          placeholder="until it is cancelled"
          hint="After so many it is completed."
          value={periods}
          onInput={set('periods')}
          wrong={wrong('periods')}
        />
        <p class="soft small">Its terms cannot be changed later: who wants others makes another plan.</p>
      </DialogForm>
    </Dialog>
  );
}
