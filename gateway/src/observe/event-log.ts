import pino from 'pino';
import type { RefusalEvent, TunnelEvent } from './event.ts';

/** Levels as in the log, from quiet to loud. */
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The event log of a gateway: JSON lines with an `event` each, no secrets. */
export interface EventLog {
  readonly tunnelEnded: (event: TunnelEvent) => void;
  readonly refused: (event: RefusalEvent) => void;
  /** Anything else that happened, by name. */
  readonly note: (level: 'debug' | 'info' | 'warn', event: string, details: object) => void;
  /** A bug of ours. */
  readonly fault: (event: string, error: unknown) => void;
  /** Writes out what is buffered. */
  readonly flush: () => void;
}

/** Lines gathered before they are written, bytes; they wait `flushMs` at most. */
const bufferBytes = 8192;
const flushMs = 1000;

/** Opens the event log on a file descriptor (2: standard error). */
export function openEventLog(level: LogLevel, fd: number): EventLog {
  const destination = pino.destination({ fd, sync: true, minLength: bufferBytes, periodicFlush: flushMs });
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return {
    tunnelEnded: (event) => {
      logger.info({
        event: event.http === undefined ? 'tunnel' : 'request',
        request_id: event.requestId,
        dialect: event.dialect,
        client_ip: event.clientIp,
        account: event.account,
        credential: event.credential,
        host: event.destination.host,
        port: event.destination.port,
        exit: event.exit,
        country: event.country,
        bytes_up: event.bytesUp,
        bytes_down: event.bytesDown,
        setup_ms: Math.round(event.setupMs),
        duration_ms: Math.round(event.durationMs),
        end: event.end,
        ...event.http,
      });
    },
    refused: (event) => {
      // Strangers knock all day: they are counted in the metrics and told of only to who looks closely.
      logger[event.account === undefined ? 'debug' : 'info']({
        event: 'refusal',
        request_id: event.requestId,
        dialect: event.dialect,
        client_ip: event.clientIp,
        code: event.code,
        account: event.account,
        credential: event.credential,
      });
    },
    note: (noteLevel, event, details) => {
      logger[noteLevel]({ event, ...details });
    },
    fault: (event, error) => {
      logger.error({ event, err: error instanceof Error ? error : new Error(String(error)) });
    },
    flush: () => {
      destination.flushSync();
    },
  };
}
