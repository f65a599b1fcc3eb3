import type { ComponentChildren } from 'preact';
import { useId, useRef } from 'preact/hooks';

interface TabsProps {
  readonly label: string;
  readonly tabs: readonly (readonly [id: string, title: string])[];
  readonly value: string;
  readonly onChange: (id: string) => void;
  readonly children: ComponentChildren;
}

const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1 };

/** Tabs by the pattern of ARIA: the arrows choose, Tab goes on to the panel. */
export function Tabs({ label, tabs, value, onChange, children }: TabsProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  function choose(index: number): void {
    const at = (index + tabs.length) % tabs.length;
    const next = tabs[at];
    if (next === undefined) return;
    onChange(next[0]);
    const button = list.current?.children[at];
    if (button instanceof HTMLElement) button.focus();
  }
  return (
    <div class="stack">
      <div class="tabs" role="tablist" aria-label={label} ref={list}>
        {tabs.map(([tab, title], index) => (
          <button
            key={tab}
            type="button"
            role="tab"
            id={`${id}-${tab}`}
            aria-selected={tab === value}
            aria-controls={`${id}-panel`}
            tabIndex={tab === value ? 0 : -1}
            onClick={() => onChange(tab)}
            onKeyDown={(event) => {
              const step = steps[event.key];
              if (step === undefined) return;
              event.preventDefault();
              choose(index + step);
            }}
          >
            {title}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${value}`} class="stack">
        {children}
      </div>
    </div>
  );
}
