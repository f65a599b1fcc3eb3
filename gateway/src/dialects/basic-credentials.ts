/** User name and password of Basic authentication. */
export interface BasicCredentials {
  readonly username: string;
  readonly password: string;
}

const basicPattern = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/** Reads an (Proxy-)Authorization value; `undefined` for another scheme or anything malformed. Source: RFC 7617. */
export function readBasicCredentials(value: string): BasicCredentials | undefined {
  const encoded = basicPattern.exec(value)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
