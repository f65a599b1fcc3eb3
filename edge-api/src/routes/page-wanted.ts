import type { PageWanted } from '../store/page.ts';

/** The page that a query asks for. */
export function pageWanted({
  limit,
  cursor,
}: {
  readonly limit: string;
  readonly cursor?: string | undefined;
}): PageWanted {
  return { limit: Number(limit), after: cursor };
}
