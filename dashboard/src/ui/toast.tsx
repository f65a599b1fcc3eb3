import { signal } from '@preact/signals';

const shownMs = 6000;
/** The most at once; the oldest goes first. */
const maxToasts = 3;

const toasts = signal<readonly { readonly id: number; readonly text: string }[]>([]);
let lastId = 0;

/** Says in passing that something was done. Nothing is lost with it: what matters is on the page. */
export function say(text: string): void {
  lastId += 1;
  const id = lastId;
  toasts.value = [...toasts.value, { id, text }].slice(-maxToasts);
  setTimeout(() => {
    toasts.value = toasts.value.filter((toast) => toast.id !== id);
  }, shownMs);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text }) => (
        <div class="toast" key={id}>
          {text}
        </div>
      ))}
    </div>
  );
}
