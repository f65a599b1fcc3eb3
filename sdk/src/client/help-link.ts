/** Reads where `Link: <address>; rel="help"` leads; `undefined` for anything else. Source: RFC 8288. */
export function readHelpLink(link: string | undefined, base?: string): string | undefined {
  const [, address] = /^<([^<>]{1,2048})>; rel="help"$/.exec(link ?? '') ?? [];
  if (address === undefined || !URL.canParse(address, base)) return undefined;
  const { protocol, href } = new URL(address, base);
  return protocol === 'https:' || protocol === 'http:' ? href : undefined;
}
