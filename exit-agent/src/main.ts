// The only file of the agent that touches the process.
import { startAgent } from './agent.ts';
import { readConfig } from './config.ts';
import type { AgentEvent } from './event.ts';

// Names are looked up in libuv's threads, four by default: four slow name servers would hold up every other name.
process.env['UV_THREADPOOL_SIZE'] ??= '32';

const emit = (event: AgentEvent) => process.stdout.write(`${JSON.stringify(event)}\n`);
// When nobody reads the events any more, that is no reason to stop serving.
process.stdout.on('error', () => {});

function fail(...lines: readonly string[]): void {
  for (const line of lines) console.error(line);
  process.exit(1);
}

const config = readConfig(process.env);
if (config.ok) {
  try {
    const agent = await startAgent(config.value, emit);
    emit({ event: 'listening', exits: agent.exits });
    const stop = () => {
      agent.drain().then(
        () => process.exit(0),
        (error: unknown) => fail(String(error)),
      );
    };
    process.once('SIGTERM', stop).once('SIGINT', stop);
  } catch (error) {
    fail(`cannot start: ${String(error)}`);
  }
} else {
  fail(...config.error.map(({ name, message }) => `${name} ${message}`));
}
