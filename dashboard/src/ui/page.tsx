import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface PageProps {
  readonly title: string;
  readonly lead?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** Whether a page was shown before: the first one leaves the focus where the browser put it. */
let hasTurned = false;

/** A page: its title in the tab and as heading, which takes the focus so that a screen reader hears that the page has changed. */
export function Page({ title, lead, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Marvel`;
    if (hasTurned) heading.current?.focus();
    hasTurned = true;
  }, [title]);
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead !== undefined && <p>{lead}</p>}
        </div>
        {actions !== undefined && <div class="cluster">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

interface CardProps {
  readonly title?: string;
  readonly aside?: ComponentChildren;
  /** Whether the contents, such as a table, reach the edge. */
  readonly flush?: boolean;
  readonly children: ComponentChildren;
}

export function Card({ title, aside, flush = false, children }: CardProps) {
  return (
    <section class={flush ? 'card flush' : 'card'}>
      {(title !== undefined || aside !== undefined) && (
        <div class="card-head">
          {title !== undefined && <h2>{title}</h2>}
          {aside}
        </div>
      )}
      {children}
    </section>
  );
}
