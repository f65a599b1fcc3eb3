import { useState } from 'preact/hooks';
import { ProblemNotice } from './notice.tsx';
import { useAction } from '../session/use-action.ts';
import { Button } from './button.tsx';

interface Page<Row> {
  readonly data: readonly Row[];
  readonly next_cursor: string | null;
}

/** The rows of a first page and of those that were asked for after it. */
export function useMore<Row>(first: Page<Row>, next: (cursor: string) => PromiseLike<Page<Row>>) {
  const [later, setLater] = useState<{ readonly of: Page<Row>; readonly pages: readonly Page<Row>[] }>({
    of: first,
    pages: [],
  });
  // What came after another first page goes with it.
  const pages = later.of === first ? later.pages : [];
  const cursor = (pages.at(-1) ?? first).next_cursor;
  const action = useAction(async () => {
    if (cursor === null) return;
    const page = await next(cursor);
    setLater({ of: first, pages: [...pages, page] });
  });
  return { rows: [first, ...pages].flatMap(({ data }) => data), hasMore: cursor !== null, action };
}

interface MoreProps {
  readonly of: ReturnType<typeof useMore>;
}

export function More({ of: { hasMore, action } }: MoreProps) {
  if (!hasMore && action.problem === undefined) return null;
  return (
    <div class="table-foot">
      {action.problem !== undefined && <ProblemNotice problem={action.problem} />}
      <Button small isBusy={action.isBusy} onClick={() => action.run()}>
        {action.isBusy ? 'Loading…' : 'Show more'}
      </Button>
    </div>
  );
}
