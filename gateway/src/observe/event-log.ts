import type { RefusalEvent, TunnelEvent } from './event.ts';
import { LogSink } from './log-sink.ts';
import { type LogLevel, openLogger } from './logger.ts';

/** The event log of a gateway: JSON lines with an `event` each, no secrets. */
export interface EventLog {
  readonly tunnelEnded: (event: TunnelEvent) => void;
  readonly refused: (event: RefusalEvent) => void;
  /** Anything else that happened, by name. */
  readonly note: (level: 'debug' | 'info' | 'warn', event: string, details: object) => void;
  /** A bug of ours. */
  readonly fault: (event: string, error: unknown) => void;
  /** Resolves once what is buffered is written, or when the reader has not taken it in a second. */
  readonly flush: () => Promise<void>;
  /** Writes out what is buffered before it returns, for a process that ends there. */
  readonly flushNow: () => void;
}

/** Lines gathered before they are written, bytes; they wait `flushMs` at most. */
const bufferBytes = 65_536;
/** The most bytes that a UTF-16 code unit takes in UTF-8. */
const maxUnitBytes = 3;
const flushMs = 1000;

/** Opens the event log on a file descriptor (2: standard error). */
export function openEventLog(level: LogLevel, fd: number): EventLog {
  const sink = new LogSink(fd);
  const logger = openLogger(level, sink);
  const clock = new LogClock();
  let gathered = Buffer.allocUnsafeSlow(bufferBytes);
  let gatheredBytes = 0;
  let timer: NodeJS.Timeout | undefined;

  /** Hands on what was gathered. A write for each line would cost more than the line. */
  function handOn(): void {
    clearTimeout(timer);
    timer = undefined;
    if (gatheredBytes === 0) return;
    sink.write(gathered.subarray(0, gatheredBytes));
    // The kernel may not have taken it yet.
    gathered = Buffer.allocUnsafeSlow(bufferBytes);
    gatheredBytes = 0;
  }

  /** Adds a line as `logger` would write it, for what happens with each tunnel. `fields`: further ones, each after a comma. */
  function line(lineLevel: 'debug' | 'info', event: string, fields: string): void {
    const text = `{"level":"${lineLevel}","time":"${clock.now()}","event":"${event}"${fields}}\n`;
    const mostBytes = text.length * maxUnitBytes;
    if (gatheredBytes + mostBytes > bufferBytes) handOn();
    if (mostBytes > bufferBytes) {
      sink.write(Buffer.from(text));
      return;
    }
    gatheredBytes += gathered.write(text, gatheredBytes);
    timer ??= setTimeout(handOn, flushMs).unref();
  }

  return {
    tunnelEnded: (event) => {
      if (!logger.isLevelEnabled('info')) return;
      const { http } = event;
      line(
        'info',
        http === undefined ? 'tunnel' : 'request',
        `,"request_id":${quoted(event.requestId)}${partiesOf(event)}` +
          `,"bytes_up":${event.bytesUp},"bytes_down":${event.bytesDown}` +
          `,"setup_ms":${Math.round(event.setupMs)},"duration_ms":${Math.round(event.durationMs)},"end":"${event.end}"` +
          (http === undefined ? '' : `,"method":${quoted(http.method)},"status":${http.status}`),
      );
    },
    refused: (event) => {
      // Strangers knock all day: they are counted in the metrics and told of only to who looks closely.
      const lineLevel = event.account === undefined ? 'debug' : 'info';
      if (!logger.isLevelEnabled(lineLevel)) return;
      line(
        lineLevel,
        'refusal',
        `,"request_id":${quoted(event.requestId)},"dialect":"${event.dialect}","client_ip":${quoted(event.clientIp)}` +
          `,"code":"${event.code}"` +
          (event.account === undefined ? '' : `,"account":${quoted(event.account)}`) +
          (event.credential === undefined ? '' : `,"credential":${quoted(event.credential)}`),
      );
    },
    note: (noteLevel, event, details) => {
      handOn();
      logger[noteLevel]({ event, ...details });
    },
    fault: (event, error) => {
      handOn();
      logger.error({ event, err: error instanceof Error ? error : new Error(String(error)) });
    },
    flush: async () => {
      handOn();
      await sink.flush(flushMs);
    },
    flushNow: () => {
      handOn();
      sink.flushNow();
    },
  };
}

/** The time as it stands in lines, made once a millisecond. */
class LogClock {
  #atMs = Number.NaN;
  #text = '';

  now(): string {
    const nowMs = Date.now();
    if (nowMs !== this.#atMs) {
      this.#atMs = nowMs;
      this.#text = new Date(nowMs).toISOString();
    }
    return this.#text;
  }
}

/** Who wanted what, through which exit. */
function partiesOf(event: TunnelEvent): string {
  const { memo } = event;
  if (memo?.text !== undefined) return memo.text;
  const text =
    `,"dialect":"${event.dialect}","client_ip":${quoted(event.clientIp)}` +
    `,"account":${quoted(event.account)},"credential":${quoted(event.credential)}` +
    `,"host":${quoted(event.destination.host)},"port":${event.destination.port}` +
    `,"exit":${quoted(event.exit)},"country":${quoted(event.country)}`;
  if (memo !== undefined) memo.text = text;
  return text;
}

/** What JSON writes as it is, which is nearly all that comes here. */
const plainPattern = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

function quoted(text: string): string {
  return plainPattern.test(text) ? `"${text}"` : JSON.stringify(text);
}
