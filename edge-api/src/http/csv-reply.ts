import { parseAccept } from 'hono/utils/accept';
import * as v from 'valibot';
import type { CsvSpec } from './endpoint.ts';

const CsvPage = v.object({
  data: v.array(v.record(v.string(), v.unknown())),
  next_cursor: v.nullable(v.string()),
});
const CsvField = v.optional(v.nullable(v.union([v.string(), v.number(), v.boolean()])), null);
/** What a spreadsheet takes for a formula. Source: OWASP, CSV injection. */
const formulaStart = /^[=+\-@\t\r]/;
const CsvLines = v.array(v.record(v.string(), v.unknown()));

/** Whether a client would rather have CSV than JSON. Source: RFC 9110 section 12.5.1. */
export function wantsCsv(headers: Headers): boolean {
  const ranges = parseAccept(headers.get('Accept') ?? '');
  const weightOf = (type: string) => ranges.find((range) => range.type.toLowerCase() === type)?.q ?? 0;
  return weightOf('text/csv') > weightOf('application/json');
}

/** A page as CSV with a line of column names; a next page is linked to in `Link`. Source: RFC 4180, RFC 8288. */
export function csvReply(page: unknown, spec: CsvSpec, url: string, headers: Headers): Response {
  const { data, next_cursor: nextCursor } = v.parse(CsvPage, page);
  const columns = csvColumns(spec);
  const rows =
    'within' in spec
      ? data.flatMap((row) => v.parse(CsvLines, row[spec.within]).map((line) => ({ ...row, ...line })))
      : data;
  const lines = [
    columns.join(','),
    ...rows.map((row: Readonly<Record<string, unknown>>) =>
      columns.map((name) => field(v.parse(CsvField, row[name]))).join(','),
    ),
  ];
  headers.set('Content-Type', 'text/csv; charset=utf-8; header=present');
  if (nextCursor !== null) {
    const next = new URL(url);
    next.searchParams.set('cursor', nextCursor);
    headers.set('Link', `<${next.pathname}${next.search}>; rel="next"`);
  }
  return new Response(`${lines.join('\r\n')}\r\n`, { headers });
}

/** The names in the first line. */
export function csvColumns(spec: CsvSpec): readonly string[] {
  return 'within' in spec ? spec.columns : spec;
}

/** Text that a spreadsheet would compute is kept text by an apostrophe; a number is none, whatever its sign. */
function field(value: string | number | boolean | null): string {
  const isFormula = typeof value === 'string' && formulaStart.test(value);
  const text = value === null ? '' : `${isFormula ? "'" : ''}${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
