// The proxy that everybody writes first: Node's own server, and `pipe` both ways. Configured by the environment.
import { createServer, request } from 'node:http';
import { connect, type Socket } from 'node:net';

const { BENCH_PORT = '', BENCH_AUTH = '', BENCH_EXIT_PORT = '', BENCH_EXIT_AUTH = '' } = process.env;

const server = createServer((incoming, outgoing) => {
  if (incoming.headers['proxy-authorization'] !== `Basic ${BENCH_AUTH}`) return void outgoing.writeHead(407).end();
  const forwarded = request(incoming.url ?? '', { method: incoming.method, headers: incoming.headers }, (response) =>
    response.pipe(outgoing.writeHead(response.statusCode ?? 502, response.headers)),
  );
  forwarded.on('error', () => outgoing.destroy());
  incoming.pipe(forwarded);
});

server.on('connect', (incoming, client: Socket) => {
  if (incoming.headers['proxy-authorization'] !== `Basic ${BENCH_AUTH}`)
    return void client.end('HTTP/1.1 407 No\r\n\r\n');
  const [host, port] = BENCH_EXIT_PORT === '' ? (incoming.url ?? '').split(':') : ['127.0.0.1', BENCH_EXIT_PORT];
  const upstream = connect({ host, port: Number(port), noDelay: true }, () => {
    if (BENCH_EXIT_PORT === '') client.write('HTTP/1.1 200 OK\r\n\r\n');
    else upstream.write(`CONNECT ${incoming.url} HTTP/1.1\r\nProxy-Authorization: Basic ${BENCH_EXIT_AUTH}\r\n\r\n`);
    client.setNoDelay().pipe(upstream).pipe(client);
  });
  upstream.on('error', () => client.destroy());
  client.on('error', () => upstream.destroy());
});

server.listen({ port: Number(BENCH_PORT), host: '127.0.0.1', backlog: 4096 });
