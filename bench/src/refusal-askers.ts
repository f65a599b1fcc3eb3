import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What a caller was answered, and how long it waited. */
export interface Asked {
  readonly answer: string;
  readonly tookUs: number;
}

/** Asks the same again and again. */
export interface Asker {
  ask(): Promise<Asked>;
  close(): void;
}

/** Reads what comes on a socket until it is what was waited for. */
class Listener {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  #isWhole: (bytes: Buffer) => boolean = () => false;
  #heard: ((bytes: Buffer) => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      if (!this.#isWhole(this.#bytes)) return;
      const whole = this.#bytes;
      this.#bytes = Buffer.alloc(0);
      this.#heard?.(whole);
    });
  }

  /** Sends and gives the answer, and how long it took to come whole. */
  async exchange(request: Buffer, isWhole: (bytes: Buffer) => boolean): Promise<Asked> {
    const { promise, resolve } = Promise.withResolvers<Buffer>();
    this.#isWhole = isWhole;
    this.#heard = resolve;
    const startedAtMs = performance.now();
    this.#socket.write(request);
    const answer = await promise;
    return { answer: answer.toString('latin1'), tookUs: (performance.now() - startedAtMs) * 1000 };
  }
}

function split(address: string): { readonly host: string; readonly port: number } {
  const [host = '', port = ''] = address.split(':');
  return { host, port: Number(port) };
}

function isWholeAnswer(bytes: Buffer): boolean {
  const text = bytes.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = Number(/content-length: ([0-9]+)/i.exec(text)?.[1] ?? 0);
  return text.length >= end + 4 + length;
}

/** Asks over HTTP on one connection, which a 407 keeps open. `ca`: where TLS comes first. */
export async function httpAsker(address: string, request: Buffer, ca?: string): Promise<Asker> {
  const socket = ca === undefined ? connect(split(address)) : connectTls({ ...split(address), ca });
  await once(socket, ca === undefined ? 'connect' : 'secureConnect');
  const listener = new Listener(socket);
  return {
    ask: async () => listener.exchange(request, isWholeAnswer),
    close: () => socket.destroy(),
  };
}

const greeting = Buffer.from([5, 1, 2]);

/** Asks over SOCKS5, on a connection of its own each time, since a refusal ends it. What is timed begins with user name and password. */
export function socks5Asker(address: string, request: Buffer): Asker {
  return {
    async ask() {
      const socket = connect(split(address));
      await once(socket, 'connect');
      const listener = new Listener(socket);
      await listener.exchange(greeting, (bytes) => bytes.length === 2);
      const asked = await listener.exchange(request, (bytes) => bytes.length === 2);
      socket.destroy();
      return asked;
    },
    close: () => undefined,
  };
}

function prefixed(value: string): Buffer {
  return Buffer.concat([Buffer.from([Buffer.byteLength(value)]), Buffer.from(value)]);
}

/** User name and password. Source: RFC 1929 section 2. */
export function signInMessage(username: string, password: string): Buffer {
  return Buffer.concat([Buffer.from([1]), prefixed(username), prefixed(password)]);
}
