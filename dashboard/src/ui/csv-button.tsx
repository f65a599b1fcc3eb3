import type { CsvPage } from '@marvel/sdk';
import { useAction } from '../session/use-action.ts';
import { Button } from './button.tsx';
import { ProblemNotice } from './notice.tsx';
import { say } from './toast.tsx';

/** The most pages that are put in one file: a page has up to 100 rows unless it is asked for with more. */
const maxPages = 100;

interface CsvButtonProps {
  /** The file's, without its ending. */
  readonly name: string;
  readonly read: (cursor: string | undefined) => Promise<CsvPage>;
}

/** Every page as one: the line of column names only once. */
async function readWhole(read: CsvButtonProps['read']): Promise<{ readonly csv: string; readonly isWhole: boolean }> {
  const parts: string[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < maxPages; pages += 1) {
    const { csv, nextCursor } = await read(cursor);
    parts.push(pages === 0 ? csv : csv.slice(csv.indexOf('\n') + 1));
    if (nextCursor === null) return { csv: parts.join(''), isWhole: true };
    cursor = nextCursor;
  }
  return { csv: parts.join(''), isWhole: false };
}

function download(name: string, csv: string): void {
  const url = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${name}.csv`;
  link.click();
  URL.revokeObjectURL(url);
}

export function CsvButton({ name, read }: CsvButtonProps) {
  const action = useAction(async () => {
    const { csv, isWhole } = await readWhole(read);
    download(name, csv);
    say(isWhole ? `Saved ${name}.csv` : `Saved the newest rows as ${name}.csv; choose a shorter period for the rest`);
  });
  return (
    <div class="stack tight">
      <Button isBusy={action.isBusy} onClick={() => action.run()}>
        {action.isBusy ? 'Reading…' : 'Download CSV'}
      </Button>
      {action.problem !== undefined && <ProblemNotice problem={action.problem} />}
    </div>
  );
}
