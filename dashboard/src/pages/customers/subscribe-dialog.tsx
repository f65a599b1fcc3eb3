import { useSignal } from '@preact/signals';
import type { Customer } from '@marvel/sdk';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { useLoad } from '../../session/use-load.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { DialogForm } from '../../ui/dialog-form.tsx';
import { SelectField } from '../../ui/field.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { say } from '../../ui/toast.tsx';
import { priceText, termsText } from '../subscriptions/terms.ts';

/** The most plans to choose from. */
const maxPlans = 200;

interface SubscribeDialogProps {
  readonly customer: Customer;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Puts a customer on one of the account's plans. */
export function SubscribeDialog({ customer, onClose, onDone }: SubscribeDialogProps) {
  const plans = useLoad(async (signal) => {
    const own = await marvel.plans.list({ owner: 'account', limit: 100 }, { signal }).take(maxPlans);
    return own.filter(({ active }) => active);
  });
  const chosen = useSignal('');
  const subscribe = useAction(async (planId: string) => {
    const { name } = await marvel.subscriptions.create({ plan_id: planId, customer_id: customer.id });
    say(`${customer.name} is on ${name}`);
    onDone();
  });
  return (
    <Dialog title={`Put ${customer.name} on a plan`} onClose={onClose}>
      <LoadView of={plans} lines={2}>
        {(offered) => {
          const plan = offered.find(({ id }) => id === chosen.value) ?? offered[0];
          if (plan === undefined) {
            return (
              <Empty title="You have no plan on sale" action={<a href="/plans">Make a plan</a>}>
                A plan says how many bytes and threads a customer gets each period.
              </Empty>
            );
          }
          return (
            <DialogForm action={{ ...subscribe, run: () => subscribe.run(plan.id) }} submit="Begin" onCancel={onClose}>
              <SelectField
                label="Plan"
                name="plan"
                value={plan.id}
                onChange={(id) => (chosen.value = id)}
                options={offered.map((one) => [one.id, `${one.name}, ${priceText(one)}`] as const)}
                hint={termsText(plan)}
              />
              <p class="soft small">
                Its first period begins now, and its sub-user gets the bytes and threads at once.
              </p>
            </DialogForm>
          );
        }}
      </LoadView>
    </Dialog>
  );
}
