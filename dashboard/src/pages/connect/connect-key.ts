import { signal } from '@preact/signals';

/** A key that was made in this tab, so that the proxy string can hold it. In memory only: the API shows it to nobody again. */
export const connectKey = signal('');
