const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const dayAndYear = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});
const moment = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
});
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

const spans = [
  ['year', 31_536_000_000],
  ['month', 2_592_000_000],
  ['week', 604_800_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** How far the clocks of a reader and of the API may be apart. */
const clockErrorMs = 5000;

export const dayMs = 86_400_000;

/** `21 Nov 2026, 14:03 UTC`: every time of the API is in UTC, and so is every time that is shown. */
export function formatMoment(at: string | number): string {
  return `${moment.format(new Date(at))} UTC`;
}

export function formatDay(at: string | number): string {
  return day.format(new Date(at));
}

export function formatDate(at: string | number): string {
  return dayAndYear.format(new Date(at));
}

/** `3 hours ago`, `in 9 minutes`. */
export function formatRelative(at: string | number, nowMs: number): string {
  const offsetMs = new Date(at).getTime() - nowMs;
  for (const [unit, ms] of spans) {
    if (Math.abs(offsetMs) >= ms) return relative.format(Math.trunc(offsetMs / ms), unit);
  }
  return offsetMs > clockErrorMs ? 'in a moment' : 'just now';
}
