import { Button } from '../ui/button.tsx';
import { Secret } from '../ui/copy.tsx';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { heldInMemory, type Loss } from './newer-version.ts';

const reasons = {
  replaced: {
    tone: 'info',
    title: 'There is a newer version of the dashboard',
    text: 'It took the place of the one that you have open, so this page has to be loaded anew.',
  },
  unknown: {
    tone: 'bad',
    title: 'This page could not be loaded',
    text: 'The network connection may be away. Reload once it is back; if that does not help, tell support.',
  },
} as const;

/** Says that the code of a page did not come, and what a reload would take away. */
export function LostPage({ loss }: { readonly loss: Loss }) {
  const { tone, title, text } = reasons[loss];
  const { key, isOperator } = heldInMemory();
  return (
    <Page title={title}>
      <Notice tone={tone}>
        <span>
          {text}
          {isOperator && ' You will be asked for the operator token again.'}
          {key !== undefined && ' This tab forgets the proxy key below, which nobody is shown again: copy it first.'}
        </span>
        {key !== undefined && <Secret text={key} what="the key" />}
        <span class="cluster">
          <Button small onClick={() => window.location.reload()}>
            Reload
          </Button>
        </span>
      </Notice>
    </Page>
  );
}
