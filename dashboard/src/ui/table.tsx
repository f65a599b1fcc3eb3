import type { ComponentChildren } from 'preact';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Numbers stand at the right, under one another. */
  readonly right?: boolean;
  /** Buttons, whose column needs no title on the screen. */
  readonly isActions?: boolean;
}

interface TableProps<Row> {
  /** What the table holds, for whoever hears it. */
  readonly caption: string;
  /** The first names the row. */
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
}

/** A table that scrolls by itself when it is wider than the page, with the keyboard too. */
export function Table<Row>({ caption, columns, rows, rowKey }: TableProps<Row>) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reachable with the keyboard
    <div class="table-wrap" role="region" aria-label={caption} tabIndex={0}>
      <table class="data">
        <caption class="sr-only">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, right, isActions }) => (
              <th key={title} scope="col" class={right === true ? 'right' : undefined}>
                {isActions === true ? <span class="sr-only">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map(({ title, cell, right, isActions }, index) =>
                index === 0 ? (
                  <th key={title} scope="row">
                    {cell(row)}
                  </th>
                ) : (
                  <td key={title} class={isActions === true ? 'actions' : right === true ? 'right' : undefined}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
