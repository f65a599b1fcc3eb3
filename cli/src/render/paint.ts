/** Colours, or none. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
}

/** Source: ECMA-48, SGR. */
export function paint(hasColor: boolean): Paint {
  const wrap = (on: number, off: number) => (text: string) => (hasColor ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  return { good: wrap(32, 39), bad: wrap(31, 39), faint: wrap(2, 22), strong: wrap(1, 22) };
}

/** Text of somebody else as it may be shown: without what a terminal would obey. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is left out
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}
