import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { route } from '../router.ts';
import { marvel } from '../session/api.ts';
import { endSession, operatorToken, sessionToken } from '../session/session.ts';
import { useAction } from '../session/use-action.ts';
import { useLoad } from '../session/use-load.ts';
import { Button } from '../ui/button.tsx';
import { Brand } from './brand.tsx';
import { accountNav, isOperatorPage, operatorNav, type NavGroup } from './pages.ts';
import { ThemeChoice } from './theme-choice.tsx';

function Nav({ groups }: { readonly groups: readonly NavGroup[] }) {
  return (
    <nav class="nav" aria-label="Pages">
      {groups.map(({ title, links }) => (
        <div class="nav-group" key={title}>
          <h2>{title}</h2>
          <ul>
            {links.map(([path, text]) => (
              <li key={path}>
                <a href={path} aria-current={route.value.path === path ? 'page' : undefined}>
                  {text}
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

/** Who is signed in, and the way out. */
function Who() {
  const me = useLoad(async (signal) => marvel.me.get({ signal }));
  const leave = useAction(async () => {
    // Signed out here whatever the API says: a token that nobody has any more ends by itself.
    await marvel.sessions.end().catch(() => undefined);
    endSession('signed_out');
  });
  const email = me.current.state === 'ready' ? me.current.value.email : 'Signed in';
  return (
    <div class="side-foot-row">
      <span class="who" title={email}>
        {email}
      </span>
      <Button kind="quiet" small isBusy={leave.isBusy} onClick={() => leave.run()}>
        Sign out
      </Button>
    </div>
  );
}

function Side({ id }: { readonly id: string }) {
  const isOperating = isOperatorPage(route.value.path);
  const isSignedIn = sessionToken.value !== undefined;
  return (
    <div class="side">
      <Brand />
      <Nav groups={isOperating ? operatorNav : accountNav} />
      <div class="side-foot">
        <div class="side-foot-row links">
          <a href="/docs/" target="_blank" rel="noopener">
            Docs
          </a>
          <a href="/v1/docs/" target="_blank" rel="noopener">
            API
          </a>
          {isOperating ? <a href="/">Account</a> : <a href="/operator">Operator</a>}
        </div>
        <ThemeChoice id={id} />
        {isOperating && operatorToken.value !== undefined && (
          <Button small onClick={() => (operatorToken.value = undefined)}>
            Forget the operator token
          </Button>
        )}
        {!isOperating && (isSignedIn ? <Who /> : <a href="/">Sign in</a>)}
      </div>
    </div>
  );
}

/** The pages' way around on a narrow screen; closed at `cancel` as a `Dialog` is. */
function Drawer({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { path } = route.value;
  const openedAt = useRef(path);
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  useEffect(() => {
    if (path !== openedAt.current) onClose();
  }, [path]);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events -- Escape closes it too
    <dialog
      class="drawer"
      ref={dialog}
      aria-label="Pages"
      onCancel={onClose}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <Side id="drawer" />
    </dialog>
  );
}

/** The frame around every page. */
export function Shell({ children }: { readonly children: ComponentChildren }) {
  const isOpen = useSignal(false);
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <header class="side-host">
        <Side id="side" />
      </header>
      <header class="topbar">
        <Brand />
        <Button onClick={() => (isOpen.value = true)}>
          <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true">
            <path d="M3 5.5h14M3 10h14M3 14.5h14" stroke-linecap="round" />
          </svg>
          Menu
        </Button>
      </header>
      {isOpen.value && <Drawer onClose={() => (isOpen.value = false)} />}
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
