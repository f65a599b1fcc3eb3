import { useSignal } from '@preact/signals';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorCodeLink, ProblemNotice } from '../../ui/notice.tsx';
import { Card } from '../../ui/page.tsx';
import { checkTarget, type Step } from './check-target.ts';

const signs = { good: '✓', warn: '!', bad: '✕' } as const;
const said = { good: 'fine', warn: 'note', bad: 'in the way' } as const;

interface LiveTestProps {
  readonly username: string;
  readonly password: string;
}

/** Walks the questions that a gateway would ask, and says at which one it would refuse. */
export function LiveTest({ username, password }: LiveTestProps) {
  const steps = useSignal<{ readonly of: string; readonly steps: readonly Step[] } | undefined>(undefined);
  const asked = `${username}:${password}`;
  const test = useAction(async () => {
    const found = await checkTarget({ marvel, key: username, password, signal: new AbortController().signal });
    steps.value = { of: asked, steps: found };
  });
  // An answer about another string would be misread as one about this.
  const shown = steps.value?.of === asked ? steps.value.steps : undefined;
  return (
    <Card title="Test it">
      <p class="soft small">
        Asks the API what a gateway asks itself: target, key, balance, exit. The exit is chosen exactly as a gateway
        chooses. A page cannot open a tunnel through a proxy, so nothing is sent to a destination and no bytes are used:
        the curl line does that.
      </p>
      <div class="cluster">
        <Button kind="primary" isBusy={test.isBusy} onClick={() => test.run()}>
          {test.isBusy ? 'Asking…' : 'Run the test'}
        </Button>
      </div>
      {test.problem !== undefined && <ProblemNotice problem={test.problem} />}
      <div role="status">
        {shown !== undefined && (
          <ol class="steps">
            {shown.map(({ title, outcome, detail, fix, code }) => (
              <li key={title}>
                <span class={`sign ${outcome}`}>
                  <span aria-hidden="true">{signs[outcome]}</span>
                  <span class="sr-only">{said[outcome]}</span>
                </span>
                <span>
                  <strong>{title}</strong> <span>{detail}</span>
                  {fix !== undefined && <span class="sub"> {fix}</span>}
                  {code !== undefined && (
                    <>
                      {' '}
                      <ErrorCodeLink code={code} />
                    </>
                  )}
                </span>
              </li>
            ))}
          </ol>
        )}
      </div>
    </Card>
  );
}
