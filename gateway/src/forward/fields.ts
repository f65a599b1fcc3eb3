/** Fields that concern one connection and not the one behind it. Source: RFC 9110 section 7.6.1. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);
/** Fields that make no sense, or mischief, behind a body. Source: RFC 9110 section 6.5.1. */
const noTrailers: ReadonlySet<string> = new Set([
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'host',
  'max-forwards',
  'set-cookie',
  'trailer',
]);
const namePattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What no field value holds: every control character but the tab. */
const valueBreaker = /[^\t\x20-\x7e\x80-\xff]/;
const blankPattern = /[\t ]/;
const lengthPattern = /^[0-9]{1,15}$/;

/** Whether a field, by its lower-case name, ends at the gateway: it concerns one connection, or is between client and gateway. */
export function endsHere(name: string): boolean {
  return (
    hopByHop.has(name) || name.startsWith('proxy-') || name.startsWith('x-marvel-') || name.startsWith('x-proxymesh-')
  );
}

/** The lower-case options of a `Connection` field. */
export function connectionOptions(value: string): readonly string[] {
  return value
    .toLowerCase()
    .split(',')
    .map((option) => option.trim());
}

/** A field line that was read. */
export interface Field {
  /** Lower case. */
  readonly name: string;
  readonly value: string;
}

/**
 * Reads a field line of an origin; `undefined` when it is none, or one that is folded. Blanks before the colon are left
 * out, as a proxy has to: so servers and clients that read them differently do not matter. Source: RFC 9112 section 5.1.
 */
export function readField(line: string): Field | undefined {
  const colon = line.indexOf(':');
  if (colon < 1 || blankPattern.test(line.charAt(0)) || valueBreaker.test(line)) return undefined;
  const name = line.slice(0, colon).trimEnd().toLowerCase();
  return namePattern.test(name) ? { name, value: line.slice(colon + 1).trim() } : undefined;
}

/** The lines of a trailer section that may go on, each ending in CRLF; `undefined` when the section cannot be read. */
export function readTrailers(text: string): string | undefined {
  let kept = '';
  for (const line of text.split('\r\n')) {
    const field = readField(line);
    if (field === undefined || line.charAt(field.name.length) !== ':') return undefined;
    if (!endsHere(field.name) && !noTrailers.has(field.name)) kept += `${line}\r\n`;
  }
  return kept;
}

/** The bytes that a `Content-Length` announces; `undefined` for anything but one plain number. Source: RFC 9110 section 8.6. */
export function readLength(value: string): number | undefined {
  return lengthPattern.test(value) ? Number(value) : undefined;
}

/** Whether a `Transfer-Encoding` is the one that is served. */
export function isChunked(value: string): boolean {
  return value.toLowerCase() === 'chunked';
}
