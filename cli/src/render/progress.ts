import type { Terminal } from '../terminal.ts';

const maxBarWidth = 30;
/** Room for the brackets and the numbers: a bar that is longer than the line would be drawn on a new one each time. */
const besidesWidth = 28;

/** A bar that grows on a terminal; nothing elsewhere. */
export function progressBar(terminal: Terminal, total: number): { advance(done: number): void; end(): void } {
  const barWidth = Math.max(0, Math.min(maxBarWidth, terminal.columns - besidesWidth));
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
