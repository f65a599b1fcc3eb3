import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Makes of an address of loopback one from which nothing comes back: a process that sleeps listens there, and its queue is full. Gives the port. */
export async function makeBlackHole(host: string, port = 0): Promise<number> {
  const script = `const server = require('node:net').createServer();
server.listen({ host: '${host}', port: ${port}, backlog: 1 }, () => console.log(server.address().port))`;
  const sleeper = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const waiting: Socket[] = [];
  onTestFinished(() => {
    for (const socket of waiting) socket.destroy();
    sleeper.kill('SIGKILL');
  });
  const bound = await new Promise<number>((resolve) => {
    sleeper.stdout.once('data', (line: Buffer) => {
      resolve(Number(line.toString()));
    });
  });
  sleeper.kill('SIGSTOP');
  // Linux queues one more than the backlog. Source: listen(2), and tried.
  for (let index = 0; index < 2; index += 1) {
    const socket = connect({ host, port: bound }).on('error', () => {});
    waiting.push(socket);
    await once(socket, 'connect');
  }
  return bound;
}
