import type { SubUser } from '@marvel/sdk';
import type { ComponentChildren } from 'preact';
import { marvel } from '../../session/api.ts';
import { useLoad, type Loading } from '../../session/use-load.ts';
import { Field } from '../../ui/field.tsx';
import { LoadView } from '../../ui/load-view.tsx';

/** As many as an account may have. */
const maxSubUsers = 1000;

/** The sub-users of the account, to choose from and to name. */
export function useSubUsers(): Loading<readonly SubUser[]> {
  return useLoad(async (signal) => marvel.subUsers.list({ signal }).take(maxSubUsers));
}

/** The username of a sub-user, once it is known. */
export function usernameOf({ current }: Loading<readonly SubUser[]>, id: string): string {
  const found = current.state === 'ready' ? current.value.find((subUser) => subUser.id === id) : undefined;
  return found?.username ?? id;
}

interface SubUserSelectProps {
  readonly label: string;
  /** What it means when none is chosen. */
  readonly none: string;
  readonly hint?: ComponentChildren;
  readonly of: Loading<readonly SubUser[]>;
  /** Id, or empty. */
  readonly value: string;
  readonly onChange: (id: string) => void;
  readonly wrong: string | undefined;
}

export function SubUserSelect({ label, none, hint, of, value, onChange, wrong }: SubUserSelectProps) {
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {(attributes) => (
        <LoadView of={of} lines={1}>
          {(subUsers) => (
            <select
              class="input"
              name="sub_user"
              value={value}
              {...attributes}
              onChange={(event) => onChange(event.currentTarget.value)}
            >
              <option value="">{none}</option>
              {subUsers.map(({ id, username }) => (
                <option key={id} value={id}>
                  {username}
                </option>
              ))}
            </select>
          )}
        </LoadView>
      )}
    </Field>
  );
}
