import type { Body, MessageState } from '../forwarding.ts';
import { readTrailers } from './fields.ts';

/** The most hexadecimal digits of a chunk's size: 2^52 bytes, below what a number holds exactly. */
const maxSizeDigits = 13;
/** The longest extension of a chunk, bytes. They mean nothing to anyone, so only their end has to be found. */
const maxExtensionBytes = 256;
/** The longest trailer section, bytes. */
const maxTrailerBytes = 8192;
const codes = { tab: 9, lf: 10, cr: 13, semicolon: 59 } as const;
const sectionEnd = '\r\n\r\n';

/**
 * A body in chunks, which pass as they are once they are known to be as they should; trailers pass only as far as they may.
 * A lone CR or LF is no line end, and a size is hexadecimal digits and nothing else. Source: RFC 9112 section 7.1.
 */
export class ChunkedBody implements Body {
  passTo = 0;
  restAt = 0;
  tail = '';
  #stage: 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailers' | 'done' = 'size';
  #leftBytes = 0;
  /** Digits of the size so far, or bytes of the extension. */
  #lineBytes = 0;
  #trailers = '';

  get isDone(): boolean {
    return this.#stage === 'done';
  }

  push(bytes: Buffer, from: number): MessageState {
    this.passTo = from;
    let at = from;
    while (at < bytes.length) {
      if (this.#stage === 'data') {
        const part = Math.min(this.#leftBytes, bytes.length - at);
        this.#leftBytes -= part;
        at += part;
        if (this.#leftBytes === 0) this.#stage = 'data-cr';
      } else if (this.#stage === 'trailers') {
        return this.#readTrailers(bytes, at);
      } else {
        if (!this.#step(bytes[at] ?? 0)) return 'broken';
        at += 1;
      }
      this.passTo = at;
    }
    return 'more';
  }

  end(): MessageState {
    return this.isDone ? 'done' : 'broken';
  }

  /** Takes one byte outside of the data; gives whether it may be there. */
  #step(code: number): boolean {
    switch (this.#stage) {
      case 'size': {
        const digit = hexDigit(code);
        if (digit >= 0) {
          this.#leftBytes = this.#leftBytes * 16 + digit;
          this.#lineBytes += 1;
          return this.#lineBytes <= maxSizeDigits;
        }
        if (this.#lineBytes === 0 || (code !== codes.cr && code !== codes.semicolon)) return false;
        this.#lineBytes = 0;
        this.#stage = code === codes.cr ? 'size-lf' : 'extension';
        return true;
      }
      case 'extension':
        if (code === codes.cr) this.#stage = 'size-lf';
        this.#lineBytes += 1;
        return code === codes.cr || (isText(code) && this.#lineBytes <= maxExtensionBytes);
      case 'size-lf':
        this.#lineBytes = 0;
        this.#stage = this.#leftBytes === 0 ? 'trailers' : 'data';
        return code === codes.lf;
      case 'data-cr':
        this.#stage = 'data-lf';
        return code === codes.cr;
      case 'data-lf':
        this.#stage = 'size';
        return code === codes.lf;
      case 'data':
      case 'trailers':
      case 'done':
        return false;
    }
  }

  #readTrailers(bytes: Buffer, from: number): MessageState {
    const before = this.#trailers.length;
    const text =
      this.#trailers + bytes.toString('latin1', from, Math.min(bytes.length, from + maxTrailerBytes - before));
    // An empty section is one line end, the end of any other is two.
    const isEmpty = text.startsWith('\r\n');
    const end = isEmpty ? 0 : text.indexOf(sectionEnd, Math.max(0, before - sectionEnd.length + 1));
    if (end < 0) {
      this.#trailers = text;
      return text.length >= maxTrailerBytes ? 'broken' : 'more';
    }
    const kept = isEmpty ? '' : readTrailers(text.slice(0, end));
    if (kept === undefined) return 'broken';
    this.tail = `${kept}\r\n`;
    this.restAt = from + end + (isEmpty ? 2 : sectionEnd.length) - before;
    this.#stage = 'done';
    return 'done';
  }
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function isText(code: number): boolean {
  return code === codes.tab || (code >= 32 && code !== 127);
}
