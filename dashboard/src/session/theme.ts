import { signal } from '@preact/signals';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const storageKey = 'marvel.theme';

function readStored(): Theme {
  try {
    const stored = window.localStorage.getItem(storageKey);
    return themes.find((theme) => theme === stored) ?? 'system';
  } catch {
    return 'system';
  }
}

export const theme = signal<Theme>(readStored());

/** Shows the pages in a theme and keeps it for the next visit. */
export function setTheme(next: Theme): void {
  theme.value = next;
  applyTheme();
  try {
    window.localStorage.setItem(storageKey, next);
  } catch {
    // it lasts until the reload then
  }
}

export function applyTheme(): void {
  if (theme.value === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme.value;
}
