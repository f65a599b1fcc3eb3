import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../ui/button.tsx';
import { Skeleton } from '../ui/load-view.tsx';
import { Notice } from '../ui/notice.tsx';
import type { PageLoader } from './pages.ts';

type Found = { readonly component: ComponentType } | 'loading' | 'lost';

/** A page, once its code is here. */
export function LazyPage({ page }: { readonly page: PageLoader }) {
  const [found, setFound] = useState<Found>('loading');
  useEffect(() => {
    let isWanted = true;
    page().then(
      (component) => isWanted && setFound({ component }),
      () => isWanted && setFound('lost'),
    );
    return () => {
      isWanted = false;
    };
  }, [page]);
  if (found === 'loading') return <Skeleton lines={6} />;
  if (found === 'lost') {
    return (
      <Notice tone="bad" title="This page could not be loaded">
        <span>
          Either the connection is away, or a newer version was put in its place since you opened the dashboard.
        </span>
        <span class="cluster">
          <Button small onClick={() => window.location.reload()}>
            Reload
          </Button>
        </span>
      </Notice>
    );
  }
  const { component: Component } = found;
  return <Component />;
}
