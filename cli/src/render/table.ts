import { printable, type Paint } from './paint.ts';

/** Rows under their headings, or what is said when there are none. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  paint: Paint,
  none: string,
): string {
  if (rows.length === 0) return none;
  const cells = rows.map((row) => row.map(printable));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [paint.faint(line(headings)), ...cells.map(line)].join('\n');
}

/** Names and values, one a line. */
export function fields(rows: readonly (readonly [string, string])[], paint: Paint): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${paint.faint(name.padEnd(width))}  ${printable(value)}`).join('\n');
}
