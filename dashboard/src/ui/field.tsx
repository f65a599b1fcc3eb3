import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { Problem } from '../session/problem.ts';

interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly wrong?: string | undefined;
  readonly children: (attributes: {
    readonly id: string;
    readonly 'aria-describedby': string | undefined;
    readonly 'aria-invalid': 'true' | undefined;
  }) => ComponentChildren;
}

/** A control with its label, a hint, and what is wrong with what was typed. */
export function Field({ label, hint, wrong, children }: FieldProps) {
  const id = useId();
  const described = [hint === undefined ? '' : `${id}-hint`, wrong === undefined ? '' : `${id}-wrong`].join(' ').trim();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        'aria-describedby': described === '' ? undefined : described,
        'aria-invalid': wrong === undefined ? undefined : 'true',
      })}
      {hint !== undefined && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {wrong !== undefined && (
        <span class="wrong" id={`${id}-wrong`}>
          {wrong}
        </span>
      )}
    </div>
  );
}

/** What the API said of one field of the request, or of a member of it. */
export function wrongOf(problem: Problem | undefined, path: string): string | undefined {
  return problem?.issues.find((issue) => issue.path === path || issue.path.startsWith(`${path}.`))?.message;
}

interface TextFieldProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly type?: 'text' | 'email' | 'password' | 'number' | 'url' | 'date' | 'datetime-local' | 'search';
  readonly hint?: ComponentChildren;
  readonly wrong?: string | undefined;
  readonly required?: boolean;
  readonly placeholder?: string;
  readonly autocomplete?: string;
  readonly minLength?: number;
  readonly min?: number | string;
  readonly max?: number | string;
  readonly step?: number | 'any';
}

export function TextField({ label, hint, wrong, onInput, type = 'text', ...input }: TextFieldProps) {
  // Which roles an input can have hangs on its type, which the compiler does not know here.
  const given: Readonly<Record<string, unknown>> = { ...input, type };
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {(attributes) => (
        <input
          class="input"
          spellcheck={false}
          {...given}
          {...attributes}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface TextAreaFieldProps extends Omit<
  TextFieldProps,
  'type' | 'autocomplete' | 'minLength' | 'min' | 'max' | 'step'
> {
  readonly rows?: number;
}

export function TextAreaField({ label, hint, wrong, onInput, value, ...input }: TextAreaFieldProps) {
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {(attributes) => (
        <textarea
          class="input"
          spellcheck={false}
          {...input}
          {...attributes}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface SelectFieldProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly hint?: ComponentChildren;
}

export function SelectField({ label, hint, onChange, options, name, value }: SelectFieldProps) {
  return (
    <Field label={label} hint={hint}>
      {(attributes) => (
        <select
          class="input"
          name={name}
          value={value}
          {...attributes}
          onChange={(event) => onChange(event.currentTarget.value)}
        >
          {options.map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface CheckProps {
  readonly label: ComponentChildren;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function Check({ label, checked, onChange }: CheckProps) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

interface SegmentedProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly (readonly [value: string, text: string])[];
}

/** A choice of few, all of them in view. */
export function Segmented({ label, name, value, onChange, options }: SegmentedProps) {
  return (
    <fieldset>
      <legend class="sr-only">{label}</legend>
      <div class="segmented">
        {options.map(([option, text]) => (
          <label key={option}>
            <input
              type="radio"
              name={name}
              value={option}
              checked={option === value}
              onChange={() => onChange(option)}
            />
            {text}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
