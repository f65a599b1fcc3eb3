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

/** As many columns are read side by side on a phone too. */
const fewColumns = 2;

/**
 * A table. Where there is no room for its columns, each row is shown as a list of labelled cells; it is a table to those who
 * hear it all the same. One of few columns stays as it is. Should it be wider than the page in between, it scrolls by itself,
 * with the keyboard too.
 */
export function Table<Row>({ caption, columns, rows, rowKey }: TableProps<Row>) {
  const stacks = columns.length > fewColumns;
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reachable with the keyboard
    <div class={stacks ? 'table-wrap stacks' : 'table-wrap'} role="region" aria-label={caption} tabIndex={0}>
      {/* Safari takes what is not laid out as a table for none, unless the roles say so. */}
      {/* oxlint-disable jsx-a11y/no-redundant-roles, jsx-a11y/prefer-tag-over-role */}
      <table class="data" role="table">
        <caption class="sr-only">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ title, right, isActions }) => (
              <th key={title} role="columnheader" scope="col" class={right === true ? 'right' : undefined}>
                {isActions === true ? <span class="sr-only">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={rowKey(row)} role="row">
              {columns.map(({ title, cell, right, isActions }, index) =>
                index === 0 ? (
                  <th key={title} role="rowheader" scope="row">
                    <div>{cell(row)}</div>
                  </th>
                ) : (
                  <td
                    key={title}
                    role="cell"
                    class={isActions === true ? 'actions' : right === true ? 'right' : undefined}
                    data-label={isActions === true ? undefined : title}
                  >
                    <div>{cell(row)}</div>
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {/* oxlint-enable jsx-a11y/no-redundant-roles, jsx-a11y/prefer-tag-over-role */}
    </div>
  );
}
