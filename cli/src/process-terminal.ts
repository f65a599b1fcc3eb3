import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import type { Terminal } from './terminal.ts';

const defaultColumns = 80;

/** The terminal of a process. Source of NO_COLOR: https://no-color.org. */
export function processTerminal(process: NodeJS.Process, signal: AbortSignal): Terminal {
  const { stdin, stdout, stderr, env } = process;
  // Who reads may go away before all was written, as `head` does.
  stdout.on('error', () => undefined);
  const isPlain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    isOutTty: isatty(stdout.fd),
    isErrTty: isatty(stderr.fd),
    isInTty: isatty(stdin.fd),
    hasColor: isatty(stdout.fd) && !isPlain,
    columns: isatty(stdout.fd) ? stdout.columns : defaultColumns,
    env,
    async readIn(maxBytes) {
      const chunks: Buffer[] = [];
      let length = 0;
      const read: AsyncIterable<Buffer> = stdin;
      for await (const bytes of read) {
        length += bytes.byteLength;
        if (length > maxBytes) throw new RangeError(`more than ${maxBytes} bytes on standard input`);
        chunks.push(bytes);
      }
      return Buffer.concat(chunks).toString('utf8');
    },
    async ask(question, isHidden) {
      if (!isatty(stdin.fd)) throw new Error('there is no terminal to ask on');
      // Readline echoes what is typed; into nothing, it does not.
      const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
      if (isHidden) stderr.write(question);
      const lines = createInterface({ input: stdin, output: isHidden ? silent : stderr, terminal: true });
      try {
        return await lines.question(isHidden ? '' : question, { signal });
      } finally {
        lines.close();
        if (isHidden) stderr.write('\n');
      }
    },
    signal,
  };
}
