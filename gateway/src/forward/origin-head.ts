import { connectionOptions, endsHere } from './fields.ts';

/** The head of an answer, without what ends here. */
export interface OriginHead {
  readonly version: '1.0' | '1.1';
  readonly status: number;
  /** Status code and reason phrase, as written. */
  readonly statusText: string;
  /** The field lines that go on, each ending in CRLF; framing is left out. */
  readonly lines: string;
  readonly contentLength: string | undefined;
  readonly transferEncoding: string | undefined;
  readonly asksForClose: boolean;
}

/** The most field lines of one head. */
const maxFields = 256;
/** A whole head without its end. Blanks before a colon are let pass, to be left out; a line that is folded is not. */
const headPattern =
  /^HTTP\/(1\.[01]) (([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?)((?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+[\t ]*:[\t\x20-\x7e\x80-\xff]*)*)$/;
const lineEnd = '\r\n';
const noOptions: readonly string[] = [];

/** What the field lines of a head come to. */
interface Lines {
  kept: string;
  contentLength: string | undefined;
  transferEncoding: string | undefined;
  /** The values of `Connection`, each behind a comma. */
  connection: string;
}

/** Reads the head of an answer; `undefined` when it cannot be relied on: also for framing that is given twice. Source: RFC 9112. */
export function readOriginHead(text: string): OriginHead | undefined {
  const match = headPattern.exec(text);
  if (match === null) return undefined;
  const [, version, statusText = '', status, fields = ''] = match;
  const lines = readLines(fields, noOptions);
  if (lines === undefined) return undefined;
  const { contentLength, transferEncoding, connection } = lines;
  const options = connection === '' ? noOptions : connectionOptions(connection);
  const kept = options.some(namesField) ? (readLines(fields, options)?.kept ?? '') : lines.kept;
  return {
    version: version === '1.0' ? '1.0' : '1.1',
    status: Number(status),
    statusText,
    lines: kept,
    contentLength,
    transferEncoding,
    asksForClose: options.includes('close'),
  };
}

/** Goes through field lines, each with a line end before it. `options`: names of fields that end here too. */
function readLines(text: string, options: readonly string[]): Lines | undefined {
  const lines: Lines = { kept: '', contentLength: undefined, transferEncoding: undefined, connection: '' };
  let count = 0;
  let at = 0;
  while (at < text.length) {
    count += 1;
    if (count > maxFields) return undefined;
    const start = at + lineEnd.length;
    const next = text.indexOf(lineEnd, start);
    at = next < 0 ? text.length : next;
    const colon = text.indexOf(':', start);
    const written = text.slice(start, nameEnd(text, colon));
    const name = written.toLowerCase();
    if (name === 'content-length') {
      if (lines.contentLength !== undefined) return undefined;
      lines.contentLength = text.slice(colon + 1, at).trim();
    } else if (name === 'transfer-encoding') {
      if (lines.transferEncoding !== undefined) return undefined;
      lines.transferEncoding = text.slice(colon + 1, at).trim();
    } else if (name === 'connection') {
      lines.connection += `,${text.slice(colon + 1, at)}`;
    } else if (!endsHere(name) && !options.includes(name)) {
      lines.kept += `${written}${text.slice(colon, at)}\r\n`;
    }
  }
  return lines;
}

/** Where the name before a colon ends: blanks between them are left out, so that who reads them differently does not matter. Source: RFC 9112 section 5.1. */
function nameEnd(text: string, colon: number): number {
  let end = colon;
  while (text.charCodeAt(end - 1) === 32 || text.charCodeAt(end - 1) === 9) end -= 1;
  return end;
}

/** Whether an option of `Connection` can be the name of a field, and is not what most servers write there. */
function namesField(option: string): boolean {
  return option !== '' && option !== 'close' && option !== 'keep-alive';
}
