import type { Readable } from 'node:stream';
import { LogSink } from '../observe/log-sink.ts';
import { type LogLevel, openLogger } from '../observe/logger.ts';

/** The one log of several processes: whole lines, however each of them cut its own. */
export interface LogFunnel {
  /** A line of this process. */
  readonly note: (level: 'info' | 'warn' | 'error', event: string, details: object) => void;
  /** Takes over what another process writes to its standard error. */
  readonly take: (stream: Readable) => void;
  /** Resolves once what is buffered is written, or when the reader has not taken it in a second. */
  readonly flush: () => Promise<void>;
}

/** The most that is held back of a line whose end has not come, bytes; a line that is longer is cut there. */
const maxLineBytes = 1_048_576;
const flushMs = 1000;
const lineFeed = 0x0a;

/** Opens the log on a file descriptor (2: standard error). */
export function openLogFunnel(level: LogLevel, fd: number): LogFunnel {
  const sink = new LogSink(fd);
  const logger = openLogger(level, sink);
  return {
    note: (noteLevel, event, details) => {
      logger[noteLevel]({ event, ...details });
    },
    take: (stream) => {
      let held = Buffer.alloc(0);
      stream.on('data', (bytes: Buffer) => {
        held = Buffer.concat([held, bytes]);
        const end = held.length > maxLineBytes ? held.length : held.lastIndexOf(lineFeed) + 1;
        if (end === 0) return;
        sink.write(held.toString('utf8', 0, end));
        held = held.subarray(end);
      });
      stream.on('end', () => {
        // A process that was killed may have left half a line; the next one starts anew all the same.
        if (held.length > 0) sink.write(`${held.toString('utf8')}\n`);
      });
    },
    flush: async () => {
      await sink.flush(flushMs);
    },
  };
}
