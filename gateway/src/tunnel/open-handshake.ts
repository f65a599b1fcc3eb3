import type { Transport } from '@marvel/shared/exit';
import { ConnectHandshake, faultOfAgent } from './connect-handshake.ts';
import type { DialRequest, Handshake } from './handshake.ts';
import { Socks5Handshake } from './socks5-handshake.ts';

/** The handshake of a transport; `undefined` when the transport has no words for what is asked. */
export function openHandshake(transport: Transport, request: DialRequest): Handshake | undefined {
  switch (transport.type) {
    case 'agent':
      return new ConnectHandshake(
        request,
        `Proxy-Authorization: Bearer ${transport.token}\r\nX-Marvel-Request-Id: ${request.requestId}\r\n`,
        faultOfAgent,
      );
    case 'http-connect':
      return new ConnectHandshake(request, basicField(transport.username, transport.password), () => 'exit');
    case 'socks5':
      return Socks5Handshake.of(request, transport.username, transport.password);
  }
}

function basicField(username: string | undefined, password: string | undefined): string {
  if (username === undefined && password === undefined) return '';
  const credentials = Buffer.from(`${username ?? ''}:${password ?? ''}`, 'utf8').toString('base64');
  return `Proxy-Authorization: Basic ${credentials}\r\n`;
}
