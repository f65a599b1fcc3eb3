import type { ComponentChildren } from 'preact';

interface ButtonProps {
  readonly kind?: 'primary' | 'plain' | 'danger' | 'quiet';
  readonly small?: boolean;
  readonly type?: 'button' | 'submit';
  /** Says what it acts on where its text alone does not, as in the rows of a table. */
  readonly label?: string;
  readonly isBusy?: boolean;
  readonly onClick?: () => void;
  readonly children: ComponentChildren;
}

/** A button stays reachable while it is busy, so that the focus is not lost; it does nothing then. */
export function Button({
  kind = 'plain',
  small = false,
  type = 'button',
  label,
  isBusy = false,
  onClick,
  children,
}: ButtonProps) {
  return (
    <button
      type={type}
      class={`button ${kind}${small ? ' small' : ''}`}
      aria-label={label}
      aria-disabled={isBusy ? 'true' : undefined}
      onClick={(event) => {
        if (isBusy) event.preventDefault();
        else onClick?.();
      }}
    >
      {children}
    </button>
  );
}
