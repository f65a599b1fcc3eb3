import type { Key, Usage } from '@marvel/sdk';
import type { Loading } from '../../session/use-load.ts';
import { Card } from '../../ui/page.tsx';

interface FirstStepsProps {
  readonly usage: Usage;
  readonly keys: Loading<readonly Key[]>;
}

/** What is still to be done before the first byte; gone once it was. */
export function FirstSteps({ usage, keys }: FirstStepsProps) {
  if (usage.used_bytes > 0 || keys.current.state !== 'ready') return null;
  const hasKey = keys.current.value.some((key) => key.revoked_at === null);
  const steps = [
    {
      isDone: usage.balance_bytes > 0,
      href: '/billing',
      text: 'Buy a bundle',
      why: 'Gateways serve an account that has bytes.',
    },
    { isDone: hasKey, href: '/keys', text: 'Make a key', why: 'It is the proxy username.' },
    {
      isDone: false,
      href: '/connect',
      text: 'Send a first request',
      why: 'Copy a line of curl or code with your key in it.',
    },
  ];
  return (
    <Card title="First steps">
      <ol class="steps">
        {steps.map(({ isDone, href, text, why }, index) => (
          <li key={href}>
            <span class={isDone ? 'sign good' : 'sign'}>
              {isDone ? '✓' : index + 1}
              {isDone && <span class="sr-only">done</span>}
            </span>
            <span>
              <a href={href}>{text}</a> <span class="soft">{why}</span>
            </span>
          </li>
        ))}
      </ol>
    </Card>
  );
}
