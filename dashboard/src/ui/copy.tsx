import { useState } from 'preact/hooks';
import { Button } from './button.tsx';
import { say } from './toast.tsx';

interface CopyButtonProps {
  readonly text: string;
  /** What is copied: `the key`. */
  readonly what: string;
}

export function CopyButton({ text, what }: CopyButtonProps) {
  const [copied, setCopied] = useState('');
  function onCopied(): void {
    setCopied(text);
    say(`Copied ${what}`);
  }
  return (
    <Button
      small
      label={`Copy ${what}`}
      onClick={() => {
        // A page may copy where it came over TLS or from this machine, and where the reader has not forbidden it.
        navigator.clipboard.writeText(text).then(
          () => onCopied(),
          () => say('This browser does not let the page copy; select the text instead'),
        );
      }}
    >
      {copied === text && text !== '' ? 'Copied' : 'Copy'}
    </Button>
  );
}

/** Something secret that is shown once. */
export function Secret({ text, what }: CopyButtonProps) {
  return (
    <div class="secret">
      <code>{text}</code>
      <CopyButton text={text} what={what} />
    </div>
  );
}
