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
      return new ConnectHandshake(request, basicField(transport), () => 'exit');
    case 'socks5':
      return Socks5Handshake.of(request, transport.username, transport.password);
  }
}

/** The field of each transport, made once: transports are immutable, and there are as many as exits. */
const basicFields = new WeakMap<object, string>();

function basicField(transport: {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}): string {
  const { username, password } = transport;
  if (username === undefined && password === undefined) return '';
  let field = basicFields.get(transport);
  if (field === undefined) {
    const credentials = Buffer.from(`${username ?? ''}:${password ?? ''}`, 'utf8').toString('base64');
    field = `Proxy-Authorization: Basic ${credentials}\r\n`;
    basicFields.set(transport, field);
  }
  return field;
}
