import type { Terminal } from '../terminal.ts';

const barWidth = 30;

/** A bar that grows on a terminal; nothing elsewhere. */
export function progressBar(terminal: Terminal, total: number): { advance(done: number): void; end(): void } {
  return {
    advance(done) {
      if (!terminal.isErrTty) return;
      const share = total === 0 ? 1 : done / total;
      const full = Math.round(share * barWidth);
      terminal.err(
        `\r[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}] ${done}/${total} (${Math.round(share * 100)} %)`,
      );
    },
    end() {
      if (terminal.isErrTty) terminal.err('\r\u001b[K');
    },
  };
}
