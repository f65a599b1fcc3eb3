import { useSignal } from '@preact/signals';
import type { CreatedWebhookEndpoint, WebhookEndpoint, WebhookEvent } from '@marvel/sdk';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { DialogForm } from '../../ui/dialog-form.tsx';
import { Check, TextField, wrongOf } from '../../ui/field.tsx';
import { say } from '../../ui/toast.tsx';

type EventType = WebhookEvent['type'];

/** What each event tells of; the compiler asks for a line for each. */
const eventTexts: Readonly<Record<EventType, string>> = {
  'invoice.paid': 'An invoice was paid',
  'payment.refunded': 'A payment was refunded',
  'payment.disputed': 'A payment is disputed',
  'payment.restored': 'A refund failed, or a dispute was won',
  'subscription.changed': 'A subscription changed or began a period',
  'balance.low': 'The balance fell to one of your marks',
  'cap.reached': 'A key or sub-user reached its cap',
  'key.new_source_ip': 'A credential was used from a new address',
  'exit.re_pinned': 'A sticky session got another exit',
  'webhook_endpoint.disabled': 'An endpoint was turned off for its failures',
};

interface EndpointDialogProps {
  /** The endpoint to edit; without one an endpoint is made. */
  readonly of: WebhookEndpoint | undefined;
  readonly onClose: () => void;
  readonly onDone: (made: CreatedWebhookEndpoint | undefined) => void;
}

function isEventType(text: string): text is EventType {
  return Object.hasOwn(eventTexts, text);
}

export function EndpointDialog({ of, onClose, onDone }: EndpointDialogProps) {
  const url = useSignal(of?.url ?? '');
  const description = useSignal(of?.description ?? '');
  const everything = useSignal((of?.events ?? null) === null);
  const chosen = useSignal<readonly EventType[]>(of?.events ?? []);
  const isOn = useSignal(of?.status !== 'disabled');
  const save = useAction(async () => {
    const events = everything.value ? null : [...chosen.value];
    const given = { url: url.value.trim(), description: description.value, events };
    if (of === undefined) onDone(await marvel.webhookEndpoints.create(given));
    else {
      await marvel.webhookEndpoints.update(of.id, { ...given, enabled: isOn.value });
      say('Saved');
      onDone(undefined);
    }
  });
  return (
    <Dialog title={of === undefined ? 'New endpoint' : 'Edit endpoint'} onClose={onClose}>
      <DialogForm action={save} submit={of === undefined ? 'Make the endpoint' : 'Save'} onCancel={onClose}>
        <TextField
          label="URL"
          name="url"
          type="url"
          required
          placeholder="https://example.com/marvel"
          value={url.value}
          onInput={(value) => (url.value = value)}
          wrong={wrongOf(save.problem, 'url')}
        />
        <TextField
          label="Description"
          name="description"
          placeholder="what it is for"
          value={description.value}
          onInput={(value) => (description.value = value)}
          wrong={wrongOf(save.problem, 'description')}
        />
        <fieldset class="form">
          <legend class="legend">Events</legend>
          <Check
            label="All of them, those to come too"
            checked={everything.value}
            onChange={(on) => (everything.value = on)}
          />
          {!everything.value && (
            <div class="stack tight">
              {Object.entries(eventTexts).map(([type, text]) => (
                <Check
                  key={type}
                  label={
                    <>
                      <code>{type}</code> <span class="soft">{text}</span>
                    </>
                  }
                  checked={chosen.value.some((one) => one === type)}
                  onChange={(on) => {
                    const others = chosen.value.filter((one) => one !== type);
                    chosen.value = on && isEventType(type) ? [...others, type] : others;
                  }}
                />
              ))}
            </div>
          )}
        </fieldset>
        {of !== undefined && <Check label="On" checked={isOn.value} onChange={(on) => (isOn.value = on)} />}
      </DialogForm>
    </Dialog>
  );
}
