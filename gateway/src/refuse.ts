import type { Failure } from '@marvel/shared/failures';
import type { Dialect } from '@marvel/shared/usage-batch';
import type { Principal } from './admission.ts';
import type { Observer } from './observe/observer.ts';
import type { Answers, OfferedCredential, WireBytes } from './offer.ts';
import { newRequestId } from './request-id.ts';
import type { UsageMeter } from './spender.ts';

/** What goes with a refusal. */
export interface RefusalNotes {
  /** Who it was, once that is known. */
  readonly principal?: Principal | undefined;
  readonly requestId?: string;
  /** The connection is in a state in which another request can follow. */
  readonly mayRetry?: boolean;
  /** The event of the request itself tells of it. */
  readonly isTold?: boolean;
  /** What the protocol itself has said already; otherwise the dialect says it. */
  readonly reply?: WireBytes;
  /** What was shown, where it was not good. */
  readonly shown?: OfferedCredential;
}

/** Who is refused. */
export interface RefusedClient {
  readonly clientIp: string;
  readonly dialect: Dialect;
  readonly answers: Answers;
  /** Of the request that is refused; `undefined` where a tunnel was asked for. */
  readonly method: string | undefined;
}

/** Who is told of refusals. */
interface RefusalParts {
  readonly observer: Observer;
  readonly meter: Pick<UsageMeter, 'recordRefusal'>;
}

/** What a client is told. */
interface Refused {
  readonly bytes: WireBytes;
  /** Another request may follow. */
  readonly keepOpen: boolean;
}

/** Counts a refusal, logs it, and gives what the client is told. */
export function refusalOf(failure: Failure, notes: RefusalNotes, client: RefusedClient, parts: RefusalParts): Refused {
  const { clientIp, dialect, answers, method } = client;
  const { principal, requestId = newRequestId(), mayRetry = false, reply, isTold } = notes;
  const { bytes, keepOpen } = answers.refused(failure, requestId, mayRetry);
  const told = method === 'HEAD' ? headOf(bytes) : bytes;
  const who = { account: principal?.account, credential: principal?.credential };
  if (isTold !== true) parts.observer.refused({ requestId, dialect, clientIp, code: failure.code, ...who });
  if (principal !== undefined) parts.meter.recordRefusal({ ...principal, dialect }, failure.code);
  return { bytes: reply ?? told, keepOpen };
}

/** The head alone of an answer over HTTP: what answers HEAD has no body. */
function headOf(bytes: WireBytes): WireBytes {
  return bytes.slice(0, bytes.indexOf('\r\n\r\n') + 4);
}
