import { MarvelAPIError, MarvelConnectionError } from '@marvel/sdk';

/** What went wrong, as a page shows it: always with what to do about it. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  readonly requestId: string | undefined;
  /** The fields that have to be corrected. */
  readonly issues: readonly { readonly path: string; readonly message: string }[];
}

const connectionFixes = {
  connection_failed: 'Check the network connection, then try again. Nothing was changed if the request did not arrive.',
  timed_out: 'Try again. Whether the request took effect is not known: look before you repeat it.',
  reply_unreadable: 'Something between this page and the API answered instead of it. Try again from another network.',
} as const;

/** Describes whatever a call rejected with. */
export function describeProblem(error: unknown): Problem {
  if (error instanceof MarvelAPIError) {
    const { code, message, requestId, details, fix = 'Try again; if it goes on, tell support the request id.' } = error;
    return { code, message, fix, requestId, issues: details.issues };
  }
  if (error instanceof MarvelConnectionError) {
    const { code, message } = error;
    return { code, message, fix: connectionFixes[code], requestId: undefined, issues: [] };
  }
  const message = error instanceof Error ? error.message : 'unknown';
  return {
    code: 'page_error',
    message: `This page has a mistake: ${message}`,
    fix: 'Reload the page; if it goes on, tell support what you did.',
    requestId: undefined,
    issues: [],
  };
}

/** Whether the session is no longer one. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof MarvelAPIError && error.code === 'unauthenticated';
}
