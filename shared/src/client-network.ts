const hextets = 8;
const networkHextets = 4;

/**
 * What tells one client from another by address: an IPv4 address, or the /64 of an IPv6 one, since whoever has one
 * address of a /64 has all of them.
 */
export function clientNetwork(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, hextets - before.length - after.length) }, () => '0');
  const whole = tail === undefined ? before : [...before, ...zeros, ...after];
  return `${whole
    .slice(0, networkHextets)
    .map((hextet) => hextet.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
