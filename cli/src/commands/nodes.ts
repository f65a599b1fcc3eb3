import { InvalidArgumentError, type Command } from 'commander';
import { does, type Run } from '../command.ts';
import type { Context } from '../context.ts';
import { formatTime } from '../render/amount.ts';
import { table } from '../render/table.ts';

type Nodes = Awaited<ReturnType<ReturnType<Context['customer']>['nodes']['list']>>;

interface HoldOptions {
  readonly session?: string;
  readonly minPurity?: number;
}

/** `nodes …`: sticky exits held under a session name. */
export function nodeCommands(program: Command, run: Run): void {
  const nodes = program.command('nodes').description('sticky sessions: exits held for you under a name');
  does(nodes.command('list').description('list what is held'), run, async (context) => {
    const data = await context.customer().nodes.list({ signal: context.terminal.signal });
    context.show(data, () => nodeTable(context, data));
    return undefined;
  });

  const hold = nodes
    .command('hold <country>')
    .description('hold an exit of a country')
    .option('--session <name>', 'what to hold it under; made for you without it')
    .option('--min-purity <n>', 'from 0 to 100', readPurity);
  does<HoldOptions>(hold, run, async (context, { session, minPurity }, [country = '']) => {
    const body = {
      country,
      ...(session === undefined ? {} : { session }),
      ...(minPurity === undefined ? {} : { min_purity: minPurity }),
    };
    const node = await context.customer().nodes.create(body, { signal: context.terminal.signal });
    context.show(node, () => nodeTable(context, [node]));
    context.note(`\nSend traffic through it with \`marvel proxy url\` or ${node.dial.url}`);
    return undefined;
  });

  does(
    nodes.command('rotate <session>').description('another exit for the same name'),
    run,
    async (context, _options, [session = '']) => {
      const node = await context.customer().nodes.rotate(session, { signal: context.terminal.signal });
      context.show(node, () => nodeTable(context, [node]));
      return undefined;
    },
  );

  does(
    nodes.command('release <session>').description('hold it no longer'),
    run,
    async (context, _options, [session = '']) => {
      await context.customer().nodes.release(session, { signal: context.terminal.signal });
      context.show({ session, released: true }, () => `Released ${session}.`);
      return undefined;
    },
  );
}

function readPurity(text: string): number {
  if (!/^(?:\d{1,2}|100)$/.test(text)) throw new InvalidArgumentError('Give a whole number from 0 to 100.');
  return Number(text);
}

function nodeTable(context: Context, rows: Nodes): string {
  return table(
    ['SESSION', 'COUNTRY', 'EXIT IP', 'NETWORK', 'GRADE', 'PURITY', 'UNTIL', 'TARGET'],
    rows.map((row) => [
      row.session,
      row.country,
      row.exit_ip,
      `AS${row.asn}`,
      row.grade,
      String(row.purity),
      formatTime(row.expires_at),
      row.dial.password,
    ]),
    context.paint,
    'Nothing is held. Hold an exit with `marvel nodes hold <country>`.',
  );
}
