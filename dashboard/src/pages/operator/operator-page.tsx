import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { marvel } from '../../session/api.ts';
import { operatorToken } from '../../session/session.ts';
import { useAction } from '../../session/use-action.ts';
import { useLoad, type Loading } from '../../session/use-load.ts';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/field.tsx';
import { ProblemNotice } from '../../ui/notice.tsx';
import { Card, Page } from '../../ui/page.tsx';

interface OperatorPageProps {
  readonly title: string;
  readonly lead?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

function TokenForm() {
  const typed = useSignal('');
  const enter = useAction(async () => {
    const token = typed.value.trim();
    // Tried before it is one, so that this form stays to say why it was refused.
    await marvel.withToken(token).operator.fleet.get();
    operatorToken.value = token;
  });
  return (
    <Card title="Operator token">
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          enter.run();
        }}
      >
        {enter.problem !== undefined && (
          <ProblemNotice
            problem={enter.problem}
            typedFix="Check the token: it is the one that the Worker has as OPERATOR_TOKEN."
          />
        )}
        <TextField
          label="Token"
          name="operator_token"
          type="password"
          autocomplete="off"
          required
          hint="Kept in the memory of this tab only: a reload forgets it."
          value={typed.value}
          onInput={(value) => (typed.value = value)}
        />
        <div>
          <Button kind="primary" type="submit" isBusy={enter.isBusy}>
            Go on
          </Button>
        </div>
      </form>
    </Card>
  );
}

/** Whether the operator was let in before: a token that is being tried is not yet one. */
export function OperatorPage({ children, title, lead, actions }: OperatorPageProps) {
  const isIn = operatorToken.value !== undefined;
  return (
    <Page
      title={title}
      {...(lead === undefined ? {} : { lead })}
      {...(isIn && actions !== undefined ? { actions } : {})}
    >
      {isIn ? children : <TokenForm />}
    </Page>
  );
}

/** Asks as the operator; a token that is refused is forgotten. */
export function useOperatorLoad<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[] = [],
): Loading<T> {
  return useLoad(ask, keys, { onSignedOut: () => (operatorToken.value = undefined) });
}
