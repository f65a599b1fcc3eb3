/** What a proxy string is made of. */
export interface ProxyParts {
  readonly host: string;
  readonly port: string;
  readonly username: string;
  readonly password: string;
}

/** The three formats that tools take. None of the parts holds a character that would have to be escaped. */
export const formats = {
  url: { title: 'URL', example: 'http://user:pass@host:port' },
  colons: { title: 'host:port:user:pass', example: 'host:port:user:pass' },
  at: { title: 'user:pass@host:port', example: 'user:pass@host:port' },
} as const;
export type Format = keyof typeof formats;

export function writeProxy({ host, port, username, password }: ProxyParts, format: Format): string {
  switch (format) {
    case 'url':
      return `http://${username}:${password}@${host}:${port}`;
    case 'colons':
      return `${host}:${port}:${username}:${password}`;
    case 'at':
      return `${username}:${password}@${host}:${port}`;
  }
}
