import type { Socket } from 'node:net';

const period = 251;
const tile = Buffer.from(Array.from({ length: period * 1024 }, (_, index) => index % period));

/** Bytes `from` to `to` of a stream in which a lost, doubled or moved byte shows. */
export function pattern(from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(to - from);
  for (let at = 0; at < bytes.length;) {
    const start = (from + at) % period;
    at += tile.copy(bytes, at, start, Math.min(tile.length, start + bytes.length - at));
  }
  return bytes;
}

/** Writes that stream from `from` to `length`, in pieces, and waits for the kernel to take each. Gives how many bytes it took before the socket was gone. */
export async function writePattern(socket: Socket, length: number, pieceBytes = 100_003, from = 0): Promise<number> {
  for (let at = from; at < length; at += pieceBytes) {
    const end = Math.min(length, at + pieceBytes);
    const isGone = await new Promise<boolean>((resolve) => {
      socket.write(pattern(at, end), (error) => {
        resolve(error !== undefined && error !== null);
      });
    });
    if (isGone || socket.destroyed) return at;
  }
  return length;
}

/** What a socket has received so far. */
export class Received {
  bytes = 0;
  /** Where the stream stopped being the pattern; -1 while it is. */
  brokenAt = -1;
  /** The other side has sent its FIN. */
  hasEnded = false;
  /** The other side has sent its FIN, or a reset. */
  isOver = false;

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      if (this.brokenAt < 0 && !chunk.equals(pattern(this.bytes, this.bytes + chunk.length)))
        this.brokenAt = this.bytes;
      this.bytes += chunk.length;
    });
    socket.on('end', () => {
      this.hasEnded = true;
      this.isOver = true;
    });
    socket.on('error', () => {
      this.isOver = true;
    });
  }
}
