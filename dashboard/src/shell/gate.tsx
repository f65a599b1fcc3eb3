import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { route } from '../router.ts';
import { marvel } from '../session/api.ts';
import { farewell, startSession } from '../session/session.ts';
import { useAction } from '../session/use-action.ts';
import { Button } from '../ui/button.tsx';
import { TextField, wrongOf } from '../ui/field.tsx';
import { Notice, ProblemNotice } from '../ui/notice.tsx';
import { Brand } from './brand.tsx';
import { ThemeChoice } from './theme-choice.tsx';

const minPasswordLength = 8;

const farewells = {
  ended: { title: 'Your session has ended', text: 'Sign in again; you come back to the page you were on.' },
  signed_out: { title: 'You are signed out', text: 'This tab has forgotten your session.' },
} as const;

/** For who paid without being signed in here, such as from a terminal. It asks nothing: the address alone tells where they come from. */
function PaymentNews() {
  const { path, query } = route.value;
  const outcome = path === '/billing' ? query.get('checkout') : null;
  if (outcome === 'done') {
    return (
      <Notice tone="good" title="Your payment went through">
        The bytes are credited as soon as the news of it arrives, within seconds as a rule. You can close this page, or
        sign in to see the invoice.
      </Notice>
    );
  }
  if (outcome === 'cancelled') {
    return (
      <Notice tone="warn" title="The payment was cancelled">
        Nothing was charged. Sign in to pay later, or begin again where you came from.
      </Notice>
    );
  }
  return null;
}

/** Sign in, or up. */
export function Gate() {
  const isNew = useSignal(false);
  const email = useSignal('');
  const password = useSignal('');
  const enter = useAction(async () => {
    const given = { email: email.value.trim(), password: password.value };
    const { token } = await (isNew.value ? marvel.accounts.create(given) : marvel.sessions.create(given));
    startSession(token);
  });
  const title = isNew.value ? 'Create an account' : 'Sign in';
  useEffect(() => {
    document.title = `${title} · Marvel`;
  }, [title]);
  const goodbye = farewell.value === undefined ? undefined : farewells[farewell.value];
  return (
    <div class="gate">
      <main>
        <Brand />
        <PaymentNews />
        <h1>{title}</h1>
        {goodbye !== undefined && <Notice title={goodbye.title}>{goodbye.text}</Notice>}
        {enter.problem !== undefined && (
          <ProblemNotice problem={enter.problem} typedFix="Check the e-mail address and the password, and try again." />
        )}
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault();
            enter.run();
          }}
        >
          <TextField
            label="E-mail"
            name="email"
            type="email"
            autocomplete="username"
            required
            value={email.value}
            onInput={(value) => (email.value = value)}
            wrong={wrongOf(enter.problem, 'email')}
          />
          <TextField
            label="Password"
            name="password"
            type="password"
            autocomplete={isNew.value ? 'new-password' : 'current-password'}
            required
            value={password.value}
            onInput={(value) => (password.value = value)}
            wrong={wrongOf(enter.problem, 'password')}
            {...(isNew.value
              ? { minLength: minPasswordLength, hint: `At least ${minPasswordLength} characters.` }
              : {})}
          />
          <Button kind="primary" type="submit" isBusy={enter.isBusy}>
            {enter.isBusy ? 'One moment…' : title}
          </Button>
        </form>
        <p class="small">
          {isNew.value ? 'You have an account? ' : 'New here? '}
          <Button
            kind="quiet"
            small
            onClick={() => {
              isNew.value = !isNew.value;
              enter.reset();
            }}
          >
            {isNew.value ? 'Sign in' : 'Create an account'}
          </Button>
        </p>
      </main>
      <footer>
        <a href="/availability">Availability</a>
        <a href="/docs/">Documentation</a>
        <a href="/v1/docs/">API</a>
        <a href="/operator">Operator</a>
        <ThemeChoice id="gate" />
      </footer>
    </div>
  );
}
