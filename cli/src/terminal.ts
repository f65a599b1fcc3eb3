/** Where a command reads and writes. Only `main.ts` makes one of the process. */
export interface Terminal {
  /** What was asked for, and nothing else. */
  out(text: string): void;
  /** What a person wants to know beside it. */
  err(text: string): void;
  readonly isOutTty: boolean;
  readonly isErrTty: boolean;
  readonly isInTty: boolean;
  /** Whether `out` shows colours: a terminal, and neither NO_COLOR nor TERM=dumb. */
  readonly hasColor: boolean;
  readonly columns: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** All of the standard input, up to a bound. */
  readIn(maxBytes: number): Promise<string>;
  /** One line from a person; `isHidden` shows nothing of it. Errors: rejects without a terminal. */
  ask(question: string, isHidden: boolean): Promise<string>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}
