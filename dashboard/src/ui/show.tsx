import { useEffect } from 'preact/hooks';
import { signal } from '@preact/signals';
import { formatBytes, formatExactBytes } from '../format/bytes.ts';
import { formatMoment, formatRelative } from '../format/time.ts';

const tickMs = 30_000;
/** Moves on every half minute, so that `5 minutes ago` stays true. */
const now = signal(Date.now());

export function useClock(): void {
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), tickMs);
    return () => clearInterval(timer);
  }, []);
}

/** A count of bytes to read; pointing at it shows it to the byte. */
export function Bytes({ value }: { readonly value: number }) {
  return (
    <span class="num nowrap" title={formatExactBytes(value)}>
      {formatBytes(value)}
    </span>
  );
}

/** A moment, as its distance from now; pointing at it shows it exactly. */
export function Moment({ at }: { readonly at: string | null }) {
  if (at === null) return <span class="soft">never</span>;
  // The tick makes it look again; what it sees then is the time itself.
  const nowMs = Math.max(now.value, Date.now());
  return (
    <time dateTime={at} title={formatMoment(at)} class="nowrap">
      {formatRelative(at, nowMs)}
    </time>
  );
}

const gradeTones = { S: 'accent', A: 'info', B: 'warn' } as const;

export function GradeBadge({ grade }: { readonly grade: 'S' | 'A' | 'B' }) {
  return <span class={`badge grade ${gradeTones[grade]}`}>{grade}</span>;
}
