import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What an exit does with a connection once it has read the request head. `rest`: what came behind the head. */
export type ExitScript = (socket: Socket, head: string, rest: Buffer) => void;

/** An exit in this process, which does as its script says. */
export class ScriptedExit {
  readonly port: number;
  /** The request heads it was sent. */
  readonly heads: string[] = [];
  readonly sockets = new Set<Socket>();
  script: ExitScript;
  readonly #server: Server;

  private constructor(server: Server, port: number, script: ExitScript) {
    this.#server = server;
    this.port = port;
    this.script = script;
    server.on('connection', (socket) => {
      this.#meet(socket);
    });
  }

  static async start(script: ExitScript): Promise<ScriptedExit> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return new ScriptedExit(server, typeof address === 'object' && address !== null ? address.port : 0, script);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #meet(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => {});
    let read = Buffer.alloc(0);
    const onData = (bytes: Buffer): void => {
      read = Buffer.concat([read, bytes]);
      const end = read.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', onData);
      socket.pause();
      const head = read.subarray(0, end + 4).toString('latin1');
      this.heads.push(head);
      this.script(socket, head, read.subarray(end + 4));
    };
    socket.on('data', onData);
  }
}

/** Opens the way and hands on to `serve`, which plays the destination. */
export function opensThen(serve: (socket: Socket, rest: Buffer) => void): ExitScript {
  return (socket, _head, rest) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    serve(socket, rest);
  };
}

/** Sends back whatever comes, and its FIN after the other side's. */
export const echoes: ExitScript = opensThen((socket, rest) => {
  if (rest.length > 0) socket.write(rest);
  socket.pipe(socket);
});

/** Relays to the destination it is asked for. */
export const relays: ExitScript = (socket, head, rest) => {
  const [, host = '', port = ''] = /^CONNECT \[?([^ \]]+)\]?:([0-9]+) /.exec(head) ?? [];
  const out = connect({ host, port: Number(port), allowHalfOpen: true }, () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    if (rest.length > 0) out.write(rest);
    socket.pipe(out);
    out.pipe(socket);
  });
  out.on('error', () => socket.destroy());
};

/** Answers with a text and its FIN. */
export function answers(text: string): ExitScript {
  return (socket) => {
    socket.end(text, 'latin1');
    socket.resume();
  };
}
