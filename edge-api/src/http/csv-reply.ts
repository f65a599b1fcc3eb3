import { parseAccept } from 'hono/utils/accept';
import * as v from 'valibot';

const CsvPage = v.object({
  data: v.array(v.record(v.string(), v.nullable(v.union([v.string(), v.number()])))),
  next_cursor: v.nullable(v.string()),
});

/** Whether a client would rather have CSV than JSON. Source: RFC 9110 section 12.5.1. */
export function wantsCsv(headers: Headers): boolean {
  const ranges = parseAccept(headers.get('Accept') ?? '');
  const weightOf = (type: string) => ranges.find((range) => range.type.toLowerCase() === type)?.q ?? 0;
  return weightOf('text/csv') > weightOf('application/json');
}

/** A page as CSV with a line of column names; a next page is linked to in `Link`. Source: RFC 4180, RFC 8288. */
export function csvReply(page: unknown, columns: readonly string[], url: string, headers: Headers): Response {
  const { data, next_cursor: nextCursor } = v.parse(CsvPage, page);
  const lines = [columns.join(','), ...data.map((row) => columns.map((name) => field(row[name] ?? null)).join(','))];
  headers.set('Content-Type', 'text/csv; charset=utf-8; header=present');
  if (nextCursor !== null) {
    const next = new URL(url);
    next.searchParams.set('cursor', nextCursor);
    headers.set('Link', `<${next.pathname}${next.search}>; rel="next"`);
  }
  return new Response(`${lines.join('\r\n')}\r\n`, { headers });
}

function field(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
