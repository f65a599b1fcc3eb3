/** A line of a file of exits: what it holds, or that it cannot be read. */
export interface ExitLine {
  /** From 1, as an editor counts. */
  readonly line: number;
  readonly value: unknown;
  readonly isReadable: boolean;
}

/** Reads exits from text: a JSON array, or an object a line. */
export function readExitLines(text: string): readonly ExitLine[] {
  const whole = parse(text);
  if (Array.isArray(whole.value)) {
    return whole.value.map((value: unknown, index) => ({ line: index + 1, value, isReadable: true }));
  }
  return text
    .split('\n')
    .map((content, index) => ({ content: content.trim(), line: index + 1 }))
    .filter(({ content }) => content !== '')
    .map(({ content, line }) => ({ line, ...parse(content) }));
}

function parse(text: string): { readonly value: unknown; readonly isReadable: boolean } {
  try {
    return { value: JSON.parse(text) as unknown, isReadable: true };
  } catch {
    return { value: undefined, isReadable: false };
  }
}
