// A server of proxy-chain that checks one user and, given an exit, goes through it. Configured by the environment.
import { Server } from 'proxy-chain';

const { BENCH_PORT = '', BENCH_USERNAME = '', BENCH_PASSWORD = '', BENCH_UPSTREAM = '' } = process.env;

const server = new Server({
  port: Number(BENCH_PORT),
  host: '127.0.0.1',
  prepareRequestFunction: ({ username, password }) => ({
    requestAuthentication: username !== BENCH_USERNAME || password !== BENCH_PASSWORD,
    upstreamProxyUrl: BENCH_UPSTREAM === '' ? null : BENCH_UPSTREAM,
  }),
});

await server.listen();
