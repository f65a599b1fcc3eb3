import type { Dispatcher } from 'undici';
import type { ExitInfo } from '../proxy/exit-info.ts';

type Controller = Dispatcher.DispatchController;
type Handler = Dispatcher.DispatchHandler;
/** By lower-case name. */
type HeaderFields = Readonly<Record<string, string | string[] | undefined>>;

/** What undici 6, and so the `fetch` of Node 20 and 22, hands to a dispatcher. */
interface LegacyHandler {
  onConnect?(abort: (reason: Error) => void, context?: unknown): void;
  onHeaders?(status: number, rawHeaders: Buffer[], resume: () => void, statusText?: string): boolean;
  onData?(chunk: Buffer): boolean;
  onComplete?(rawTrailers: Buffer[]): void;
  onError?(error: Error): void;
  onUpgrade?(status: number, rawHeaders: Buffer[], socket: unknown): void;
  onBodySent?(chunk: Buffer): void;
  onRequestSent?(): void;
  onResponseStarted?(): void;
}

/** What follows a response to its end. */
interface Followed {
  /** The exit that the request went through; known once it was sent. */
  readonly exit: () => ExitInfo | undefined;
  readonly ended: () => void;
}

/**
 * A handler that passes everything on, with the exit written into the head of the response: the only place that a client
 * of undici can look at. What the destination sent under those names is left out, so nobody can pretend.
 */
export function withExitHeaders(handler: Handler, { exit, ended }: Followed): Handler {
  const next = isLegacy(handler) ? fromLegacy(handler) : handler;
  return {
    onRequestStart: (controller, context) => next.onRequestStart?.(controller, context),
    onRequestUpgrade(controller, status, headers, socket) {
      ended();
      next.onRequestUpgrade?.(controller, status, headers, socket);
    },
    onResponseStart(controller, status, headers, statusText) {
      const fields: HeaderFields = { ...withoutOurs(headers), ...exitFields(exit()) };
      next.onResponseStart?.(withRawHeaders(controller, fields), status, fields, statusText);
    },
    onResponseData: (controller, chunk) => next.onResponseData?.(controller, chunk),
    onResponseEnd(controller, trailers) {
      ended();
      next.onResponseEnd?.(controller, trailers);
    },
    onResponseError(controller, error) {
      ended();
      next.onResponseError?.(controller, error);
    },
    onResponseStarted: () => next.onResponseStarted?.(),
    onBodySent: (chunk) => next.onBodySent?.(chunk),
    onRequestSent: () => next.onRequestSent?.(),
  };
}

const isOurs = (name: string) => name.startsWith('x-marvel-exit-') || name.startsWith('x-marvel-session-');

function withoutOurs(headers: HeaderFields): HeaderFields {
  const kept = Object.entries(headers).filter(([name]) => !isOurs(name) && name !== 'x-marvel-request-id');
  return Object.fromEntries(kept);
}

function exitFields(exit: ExitInfo | undefined): Record<string, string> {
  const given = {
    'x-marvel-request-id': exit?.requestId,
    'x-marvel-exit-id': exit?.exitId,
    'x-marvel-exit-ip': exit?.exitIp,
    'x-marvel-exit-country': exit?.country,
    'x-marvel-exit-asn': exit?.asn,
    'x-marvel-exit-purity': exit?.purity,
    'x-marvel-exit-grade': exit?.grade,
    'x-marvel-session-generation': exit?.session?.generation,
    'x-marvel-session-expires': exit?.session?.expiresAt.toISOString(),
  };
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) if (value !== undefined) fields[name] = String(value);
  return fields;
}

/** Names and values in turn, as they are on the wire. */
function rawHeadersOf(fields: HeaderFields): Buffer[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((one) => [Buffer.from(name, 'latin1'), Buffer.from(one, 'latin1')]),
  );
}

/** The controller as it is, but for the head: `fetch` reads that here. */
function withRawHeaders(controller: Controller, fields: HeaderFields): Controller {
  return {
    get aborted() {
      return controller.aborted;
    },
    get paused() {
      return controller.paused;
    },
    get reason() {
      return controller.reason;
    },
    rawHeaders: rawHeadersOf(fields),
    get rawTrailers() {
      return controller.rawTrailers ?? null;
    },
    abort: (reason) => controller.abort(reason),
    pause: () => controller.pause(),
    resume: () => controller.resume(),
  };
}

function isLegacy(handler: Handler | LegacyHandler): handler is LegacyHandler {
  return !('onRequestStart' in handler) && ('onConnect' in handler || 'onHeaders' in handler);
}

function fromLegacy(handler: LegacyHandler): Handler {
  return {
    onRequestStart: (controller, context: unknown) =>
      handler.onConnect?.((reason) => controller.abort(reason), context),
    onRequestUpgrade: (_controller, status, headers, socket) =>
      handler.onUpgrade?.(status, rawHeadersOf(headers), socket),
    onResponseStart(controller, status, headers, statusText) {
      const goesOn = handler.onHeaders?.(status, rawHeadersOf(headers), () => controller.resume(), statusText);
      if (goesOn === false) controller.pause();
    },
    onResponseData(controller, chunk) {
      if (handler.onData?.(chunk) === false) controller.pause();
    },
    onResponseEnd: (_controller, trailers) => handler.onComplete?.(rawHeadersOf(trailers)),
    onResponseError: (_controller, error) => handler.onError?.(error),
    onResponseStarted: () => handler.onResponseStarted?.(),
    onBodySent: (chunk) => handler.onBodySent?.(chunk),
    onRequestSent: () => handler.onRequestSent?.(),
  };
}
