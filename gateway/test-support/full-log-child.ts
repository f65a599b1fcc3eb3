import { openEventLog } from '../src/observe/event-log.ts';

// Logs to a standard error that takes nothing, as on a full disk, in each way there is; says that it lives, and ends.

const log = openEventLog('info', 2);
for (let count = 0; count < 100; count += 1) {
  log.note('info', 'line', { count, padding: 'x'.repeat(1000) });
  await new Promise(setImmediate);
}
await log.flush();
log.fault('fault', new Error('a bug'));
log.flushNow();
process.stdout.write('done\n', () => process.exit(0));
