import { MarvelAPIError, MarvelConnectionError, MarvelTargetError } from '@marvel/sdk';
import { proxyErrorOf } from '@marvel/sdk/proxy';
import { type FailureCode, failures } from '@marvel/shared/failures';
import { exitCodes, type ExitCode } from './exit-code.ts';

/** What a person and a script are told of a failure. */
export interface Complaint {
  readonly code: string;
  readonly message: string;
  readonly fix?: string | undefined;
  readonly docs?: string | undefined;
  readonly requestId?: string | undefined;
  readonly exitCode: ExitCode;
}

/** A failure that the command knows how to say. */
export class CliError extends Error {
  readonly complaint: Complaint;

  constructor(complaint: Complaint) {
    super(complaint.message);
    this.complaint = complaint;
  }
}

/** What a complaint is made with. */
interface Told {
  /** The page of a code. */
  readonly docsOf: (code: string) => string | undefined;
  /** What fixes credentials that were refused: it depends on whose they are. */
  readonly signInFix: string;
}

/** Says what was thrown. */
export function complain(thrown: unknown, { docsOf, signInFix }: Told): Complaint {
  if (thrown instanceof CliError) return thrown.complaint;
  const refusal = proxyErrorOf(thrown);
  if (refusal !== undefined) {
    const { code, reason, fix, requestId, retryable } = refusal;
    const exitCode = retryable ? exitCodes.unavailable : exitCodes.refused;
    return { code, message: reason, fix, docs: docsOf(code), requestId, exitCode };
  }
  if (thrown instanceof MarvelAPIError) {
    const { code, message, requestId } = thrown;
    const fix = code === 'unauthenticated' ? signInFix : thrown.fix;
    return { code, message, fix, docs: docsOf(code), requestId, exitCode: exitCodeOf(thrown) };
  }
  if (thrown instanceof MarvelTargetError) {
    const { code, message, fix } = thrown;
    return { code, message, fix, docs: docsOf(code), exitCode: exitCodes.usage };
  }
  if (thrown instanceof MarvelConnectionError) {
    const fix = 'Check the address (`--api`, MARVEL_API) and the network; try again later.';
    return { code: thrown.code, message: thrown.message, fix, exitCode: exitCodes.unavailable };
  }
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return { code: 'interrupted', message: 'interrupted', exitCode: exitCodes.interrupted };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: 'failed', message, exitCode: exitCodes.failed };
}

function exitCodeOf({ status }: MarvelAPIError): ExitCode {
  if (status === 401) return exitCodes.unauthenticated;
  return status === 429 || status >= 500 ? exitCodes.unavailable : exitCodes.refused;
}

/** What fixes a code, of those that this release knows. */
export function fixOf(code: string): string | undefined {
  return isFailureCode(code) ? failures[code].fix : undefined;
}

function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(failures, code);
}
