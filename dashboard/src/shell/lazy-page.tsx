import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Skeleton } from '../ui/load-view.tsx';
import { LostPage } from './lost-page.tsx';
import { forgetReload, judgeLoss, reloadOnce, type Loss } from './newer-version.ts';
import type { PageLoader } from './pages.ts';

type Found = { readonly component: ComponentType } | 'loading' | Loss;

/** A page, once its code is here. */
export function LazyPage({ page }: { readonly page: PageLoader }) {
  const [found, setFound] = useState<Found>('loading');
  useEffect(() => {
    let isWanted = true;
    function show(component: ComponentType): void {
      forgetReload();
      if (isWanted) setFound({ component });
    }
    page().then(show, async () => {
      const loss = await judgeLoss();
      // Whoever has turned to another page meanwhile may be typing there.
      if (isWanted && !(loss === 'replaced' && reloadOnce())) setFound(loss);
    });
    return () => {
      isWanted = false;
    };
  }, [page]);
  if (found === 'loading') return <Skeleton lines={6} />;
  if (found === 'replaced' || found === 'unknown') return <LostPage loss={found} />;
  const { component: Component } = found;
  return <Component />;
}
