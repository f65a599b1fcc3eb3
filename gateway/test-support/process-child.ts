// A process under a supervisor that does as its argument says, without being a gateway.
const [script = ''] = process.argv.slice(2);

function say(event: string): void {
  process.stderr.write(`${JSON.stringify({ event, pid: process.pid })}\n`);
}

process.on('message', (word) => {
  say(`told_${String(word)}`);
  if (script !== 'stays') process.exit(0);
});
process.on('disconnect', () => process.exit(1));
say('begun');
if (script === 'fails') process.exit(3);
// Half a line, as a process leaves it that is killed.
if (script === 'dies') process.stderr.write('{"half', () => process.kill(process.pid, 'SIGKILL'));
else if (script !== 'waits') process.stdout.write(`${JSON.stringify({ event: 'listening', admin: '127.0.0.1:1' })}\n`);
