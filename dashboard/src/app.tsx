import { route } from './router.ts';
import { sessionToken } from './session/session.ts';
import { Gate } from './shell/gate.tsx';
import { LazyPage } from './shell/lazy-page.tsx';
import { isOpenToAll, pageAt } from './shell/pages.ts';
import { Shell } from './shell/shell.tsx';
import { useClock } from './ui/show.tsx';
import { Toasts } from './ui/toast.tsx';

/** The whole dashboard: who is not signed in sees the gate at every page that needs an account. */
export function App() {
  useClock();
  const { path } = route.value;
  const isInside = sessionToken.value !== undefined || isOpenToAll(path);
  return (
    <>
      {isInside ? (
        <Shell>
          <LazyPage key={path} page={pageAt(path)} />
        </Shell>
      ) : (
        <Gate />
      )}
      <Toasts />
    </>
  );
}
