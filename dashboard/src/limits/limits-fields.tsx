import type { Problem } from '../session/problem.ts';
import { Check, Field, TextAreaField, TextField, wrongOf } from '../ui/field.tsx';
import { type AmountDraft, byteUnits, type LimitsDraft } from './limits-draft.ts';

interface AmountFieldProps {
  readonly label: string;
  readonly name: string;
  readonly value: AmountDraft;
  readonly onChange: (value: AmountDraft) => void;
  readonly wrong: string | undefined;
}

const units = Object.keys(byteUnits);

function AmountField({ label, name, value, onChange, wrong }: AmountFieldProps) {
  return (
    <Field label={label} wrong={wrong}>
      {(attributes) => (
        <div class="pair">
          <input
            class="input"
            type="number"
            min="0"
            step="any"
            name={name}
            placeholder="no limit"
            value={value.amount}
            {...attributes}
            onInput={(event) => onChange({ ...value, amount: event.currentTarget.value })}
          />
          <select
            class="input"
            aria-label={`Unit of ${label.toLowerCase()}`}
            value={value.unit}
            onChange={(event) => {
              const chosen = event.currentTarget.value;
              onChange({ ...value, unit: chosen === 'B' || chosen === 'MB' || chosen === 'TB' ? chosen : 'GB' });
            }}
          >
            {units.map((unit) => (
              <option key={unit}>{unit}</option>
            ))}
          </select>
        </div>
      )}
    </Field>
  );
}

interface LimitsFieldsProps {
  readonly draft: LimitsDraft;
  readonly onChange: (draft: LimitsDraft) => void;
  readonly problem: Problem | undefined;
}

/** What a key or sub-user may do; whatever is left empty limits nothing. */
export function LimitsFields({ draft, onChange, problem }: LimitsFieldsProps) {
  const wrong = (name: keyof LimitsDraft) => wrongOf(problem, `limits.${name}`);
  const set =
    <Name extends keyof LimitsDraft>(name: Name) =>
    (value: LimitsDraft[Name]) =>
      onChange({ ...draft, [name]: value });
  const amount = (label: string, name: 'bytes_per_day' | 'bytes_per_month' | 'bytes_total') => (
    <AmountField label={label} name={name} value={draft[name]} onChange={set(name)} wrong={wrong(name)} />
  );
  return (
    <fieldset class="form">
      <legend class="legend">Limits</legend>
      <div class="form-grid">
        {amount('Bytes a day', 'bytes_per_day')}
        {amount('Bytes a month', 'bytes_per_month')}
        {amount('Bytes in all', 'bytes_total')}
        <TextField
          label="Threads"
          name="threads"
          type="number"
          min={1}
          placeholder="no limit"
          hint="Tunnels open at once."
          value={draft.threads}
          onInput={set('threads')}
          wrong={wrong('threads')}
        />
        <TextField
          label="Countries"
          name="countries"
          placeholder="all"
          hint="Two-letter codes: US, DE."
          value={draft.countries}
          onInput={set('countries')}
          wrong={wrong('countries')}
        />
        <TextField
          label="Expires at (UTC)"
          name="expires_at"
          type="datetime-local"
          value={draft.expires_at}
          onInput={set('expires_at')}
          wrong={wrong('expires_at')}
        />
      </div>
      <details>
        <summary>Addresses and hosts</summary>
        <div class="form-grid">
          <TextAreaField
            label="Source addresses"
            name="source_ips"
            hint="Clients from anywhere else are refused. One a line."
            value={draft.source_ips}
            onInput={set('source_ips')}
            wrong={wrong('source_ips')}
          />
          <TextAreaField
            label="Allowed hosts"
            name="hosts_allow"
            hint="Only these destinations, such as *.example.com."
            value={draft.hosts_allow}
            onInput={set('hosts_allow')}
            wrong={wrong('hosts_allow')}
          />
          <TextAreaField
            label="Denied hosts"
            name="hosts_deny"
            hint="Never these destinations."
            value={draft.hosts_deny}
            onInput={set('hosts_deny')}
            wrong={wrong('hosts_deny')}
          />
        </div>
      </details>
      <Check label="Paused: refused until this is taken away" checked={draft.paused} onChange={set('paused')} />
    </fieldset>
  );
}
