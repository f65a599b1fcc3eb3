import type { Failure } from '@marvel/shared/failures';
import { ok, type Result } from '@marvel/shared/result';
import { Id, isOfCalendar } from '@marvel/shared/units';
import * as v from 'valibot';
import type { Placed } from '../store/page.ts';
import { readCursor, writeCursor } from './cursor.ts';

/** What a query asks of a list. */
interface Wanted<P> {
  readonly limit: number;
  /** The place of the last row of the page before. */
  readonly after: P | undefined;
}

/** One page of a list. */
interface Page<T> {
  readonly rows: readonly T[];
  /** `null` on the last page. */
  readonly nextCursor: string | null;
}

/** A list that is read a page at a time. */
interface PagedList<T, P> {
  /** Reads which page is asked for. Errors: `invalid`, naming the cursor. */
  wanted(query: { readonly limit: string; readonly cursor?: string | undefined }): Result<Wanted<P>, Failure>;
  /** Makes a page of up to `limit + 1` rows: the store gives one more than a page has when the list goes on. */
  pageOf<R extends T>(found: readonly R[], limit: number): Page<R>;
}

/**
 * Declares a list. `name`: no other list's, so that a cursor of one is refused by another. `placeOf`: what of a row says
 * where it stands, as `place` reads it back.
 */
export function pagedList<T, const S extends v.GenericSchema<readonly unknown[]>>(
  name: string,
  place: S,
  placeOf: (row: T) => readonly (string | number)[],
): PagedList<T, v.InferOutput<S>> {
  return {
    wanted({ limit, cursor }) {
      const after = cursor === undefined ? ok(undefined) : readCursor(name, place, cursor);
      return after.ok ? ok({ limit: Number(limit), after: after.value }) : after;
    },
    pageOf(found, limit) {
      const rows = found.slice(0, limit);
      const last = rows.at(-1);
      const goesOn = found.length > limit && last !== undefined;
      return { rows, nextCursor: goesOn ? writeCursor(name, placeOf(last)) : null };
    },
  };
}

/** Exactly when a row was made: RFC 3339 with microseconds. */
export const ExactTime = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/),
  v.check((text) => isOfCalendar(text)),
);

/** Declares a list by age: it goes on also where the last row of the page before is gone meanwhile. */
export function listByAge(name: string) {
  return pagedList(name, v.strictTuple([ExactTime, Id]), ({ place, id }: Placed<{ readonly id: string }>) => [
    place,
    id,
  ]);
}

/** Declares a list by number. */
export function listByNumber<T>(name: string, numberOf: (row: T) => number) {
  return pagedList(name, v.strictTuple([v.pipe(v.number(), v.safeInteger(), v.minValue(1))]), (row: T) => [
    numberOf(row),
  ]);
}

/** Declares a list whose rows are found again by their ids. */
export function listById<T>(name: string, idOf: (row: T) => string) {
  return pagedList(name, v.strictTuple([Id]), (row: T) => [idOf(row)]);
}
