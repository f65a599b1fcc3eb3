import pino from 'pino';
import type { LogSink } from './log-sink.ts';

/** Levels as in the log, from quiet to loud. */
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Opens what writes a gateway's log: JSON lines with the name of their level and a time, and nothing else of its own. */
export function openLogger(level: LogLevel, sink: LogSink): pino.Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    sink,
  );
}
