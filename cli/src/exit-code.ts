/** What the exit code of the command says, for scripts. Documented in the README. */
export const exitCodes = {
  ok: 0,
  /** A bug, or something of the machine. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Not signed in, or no longer. */
  unauthenticated: 3,
  /** The API refused: nothing to gain by trying again. */
  refused: 4,
  /** The service cannot be reached or is not available: try later. */
  unavailable: 5,
  /** It ran, and what it looked at is not in order: a proxy test that stopped, a receipt that does not fit, a line refused. */
  notInOrder: 6,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
