import { connectionOptions, endsHere, readField } from './fields.ts';

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
const statusLinePattern = /^HTTP\/(1\.[01]) (([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?)$/;

/** Reads the head of an answer; `undefined` when it cannot be relied on: also for framing that is given twice. Source: RFC 9112. */
export function readOriginHead(text: string): OriginHead | undefined {
  const lines = text.split('\r\n', maxFields + 2);
  const [, version, statusText, status] = statusLinePattern.exec(lines[0] ?? '') ?? [];
  if (statusText === undefined || lines.length > maxFields + 1) return undefined;
  const names: string[] = [];
  let contentLength: string | undefined;
  let transferEncoding: string | undefined;
  let connection = '';
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const field = readField(line);
    if (field === undefined) return undefined;
    const { name, value } = field;
    names.push(name);
    if (name === 'content-length') {
      if (contentLength !== undefined) return undefined;
      contentLength = value;
    } else if (name === 'transfer-encoding') {
      if (transferEncoding !== undefined) return undefined;
      transferEncoding = value;
    } else if (name === 'connection') {
      connection += `,${value}`;
    }
  }
  const options = connection === '' ? [] : connectionOptions(connection);
  let kept = '';
  for (const [index, name] of names.entries()) {
    if (name === 'content-length' || endsHere(name) || options.includes(name)) continue;
    const line = lines[index + 1] ?? '';
    // What stood between name and colon is left out.
    kept +=
      line.charAt(name.length) === ':'
        ? `${line}\r\n`
        : `${line.slice(0, name.length)}${line.slice(line.indexOf(':'))}\r\n`;
  }
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
