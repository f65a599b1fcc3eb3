import { openEventLog } from '../src/observe/event-log.ts';

// Logs more than a pipe holds, and more than may wait, to a standard error that nobody reads; then says so.

const log = openEventLog('info', 2);
const lines = 50_000;
for (let count = 0; count < lines; count += 1) {
  log.refused({
    requestId: String(count),
    dialect: 'marvel',
    clientIp: '192.0.2.1',
    code: 'balance_exhausted',
    account: 'acc_0001',
    credential: 'key_0001',
  });
  // As often as the event loop of a busy gateway turns.
  if (count % 1000 === 0) await new Promise(setImmediate);
}
process.stdout.write('done\n');
