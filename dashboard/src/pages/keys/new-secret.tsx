import { Button } from '../../ui/button.tsx';
import { Secret } from '../../ui/copy.tsx';
import { Notice } from '../../ui/notice.tsx';

/** Something secret that the API has just told, and tells nobody again. */
export interface ShownSecret {
  readonly what: 'key' | 'password' | 'token' | 'secret';
  readonly name: string;
  readonly text: string;
  /** What to do with it, beside keeping it. */
  readonly advice?: string;
}

export function NewSecret({ secret, onClose }: { readonly secret: ShownSecret; readonly onClose: () => void }) {
  const { what, name, text, advice } = secret;
  return (
    <Notice tone="good" title={`The ${what} of ${name}`}>
      <span>
        This is the only time that it is shown. Copy it to where it is used.{advice === undefined ? '' : ` ${advice}`}
      </span>
      <Secret text={text} what={`the ${what}`} />
      <span class="cluster">
        {what === 'key' && (
          <a class="button small" href="/connect">
            Use it
          </a>
        )}
        <Button small onClick={onClose}>
          I have it
        </Button>
      </span>
    </Notice>
  );
}
