import { Card, Page } from '../ui/page.tsx';
import { Empty } from '../ui/load-view.tsx';

export function MissingPage() {
  return (
    <Page title="Page not found">
      <Card>
        <Empty title="There is nothing at this address" action={<a href="/">Go to the overview</a>}>
          The link may be old, or a letter of the address is wrong.
        </Empty>
      </Card>
    </Page>
  );
}
