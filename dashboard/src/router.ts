import { signal } from '@preact/signals';

/** Where the reader is, on this page of the site. */
export const route = signal(readRoute());

function readRoute(): { readonly path: string; readonly query: URLSearchParams } {
  const { pathname, search } = window.location;
  return { path: pathname, query: new URLSearchParams(search) };
}

/** Goes to another page of the dashboard. */
export function navigate(href: string, { replace = false } = {}): void {
  if (replace) window.history.replaceState(null, '', href);
  else window.history.pushState(null, '', href);
  const before = route.value.path;
  route.value = readRoute();
  if (route.value.path !== before) window.scrollTo(0, 0);
}

/** What the Worker serves as it is, and what is no page of the dashboard. */
const elsewhere = /^\/(?:v1|dialects|docs|assets)(?:\/|$)/;

/** Whether a click on a link is for the dashboard itself to follow. */
function isOurs(event: MouseEvent, link: HTMLAnchorElement): boolean {
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const isHere = link.origin === window.location.origin && !elsewhere.test(link.pathname);
  return isPlain && isHere && !event.defaultPrevented && link.target === '' && !link.hasAttribute('download');
}

/** Makes plain links turn pages without loading the site anew. */
export function followLinks(): void {
  window.addEventListener('popstate', () => {
    route.value = readRoute();
  });
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
    if (!(link instanceof HTMLAnchorElement) || !isOurs(event, link)) return;
    // A place on the same page, such as the skip link, is the browser's to find.
    if (link.hash !== '' && link.pathname === window.location.pathname) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
