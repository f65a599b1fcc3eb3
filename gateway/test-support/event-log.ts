import { vi } from 'vitest';

/** Keeps what a part reports, for tests to wait on. */
export class EventLog<Event extends { readonly kind: string }> {
  readonly all: Event[] = [];
  readonly report = (event: Event): void => {
    this.all.push(event);
  };

  of<Kind extends Event['kind']>(kind: Kind): readonly Extract<Event, { kind: Kind }>[] {
    return this.all.filter((event): event is Extract<Event, { kind: Kind }> => event.kind === kind);
  }

  /** Waits until a kind has been reported so many times; gives the last of them. */
  async until<Kind extends Event['kind']>(kind: Kind, times = 1): Promise<Extract<Event, { kind: Kind }>> {
    const last = () => (this.of(kind).length < times ? undefined : this.of(kind).at(-1));
    return eventually(() => last() ?? fail(`${kind} was not reported ${times} times`));
  }
}

/** Checks again and again until it holds, for 10 s at most. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 10_000, interval: 2 });
}

function fail(message: string): never {
  throw new Error(message);
}
