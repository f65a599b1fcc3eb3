import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { does, type Run } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-code.ts';
import { formatTime } from '../render/amount.ts';
import { table } from '../render/table.ts';
import { askFor } from './account.ts';
import { exitCommands } from './exits.ts';
import { operatorAccountCommands } from './operator-accounts.ts';
import { auditCommands } from './operator-audit.ts';
import { bundleCommands } from './operator-bundles.ts';
import { feedCommands } from './operator-feed.ts';
import { reconcileCommands } from './operator-reconcile.ts';
import { planCommands } from './plans.ts';

const maxTokenBytes = 4096;

/** `operator …`: what runs the fleet. */
export function operatorCommands(program: Command, run: Run): void {
  const operator = program.command('operator').description('run the fleet; needs the operator token');

  does<{ readonly tokenStdin?: boolean }>(
    operator
      .command('login')
      .description('remember the operator token')
      .option('--token-stdin', 'read it from standard input'),
    run,
    async (context, { tokenStdin }) => {
      const given =
        tokenStdin === true
          ? await context.terminal.readIn(maxTokenBytes)
          : await askFor(context, 'Operator token: ', true, 'Pipe it in with --token-stdin.');
      const token = given.trim();
      await context.anybody.withToken(token).operator.fleet.get({ signal: context.terminal.signal });
      await context.save({ api: context.apiUrl, operator_token: token });
      context.show({ operator: true }, () => 'The token is good, and is remembered.');
      return undefined;
    },
  );

  feedCommands(operator, run);
  gatewayCommands(operator, run);
  exitCommands(operator, run);
  operatorAccountCommands(operator, run);
  auditCommands(operator, run);
  bundleCommands(operator, run);
  planCommands(operator, run, 'the plans of Marvel', (context) => context.operator().operator.plans);

  reconcileCommands(operator, run);
}

function gatewayCommands(operator: Command, run: Run): void {
  const gateways = operator.command('gateways').description('the gateways of the fleet');
  does(gateways.command('list').description('list the gateways'), run, async (context) => {
    const { data } = await context.operator().operator.gateways.list({ signal: context.terminal.signal });
    context.show(data, () =>
      table(
        ['ID', 'NAME', 'VERSION', 'ENROLLED', 'LAST SEEN', 'BEHIND', 'TUNNELS'],
        data.map((row) => [
          row.id,
          row.name,
          row.version ?? '-',
          formatTime(row.enrolled_at),
          formatTime(row.last_seen_at),
          row.feed_behind === null ? '-' : String(row.feed_behind),
          String(row.open_tunnels),
        ]),
        context.paint,
        'No gateway is enrolled.',
      ),
    );
    return undefined;
  });

  const enrol = gateways
    .command('enrol <name>')
    .description('enrol a gateway; its token is shown once')
    .requiredOption('--public-key <file>', 'JWK (Ed25519) that the gateway signs its batches with');
  does<{ readonly publicKey: string }>(enrol, run, async (context, { publicKey }, [name = '']) => {
    const jwk = await readKey(publicKey);
    const made = await context
      .operator()
      .operator.gateways.enrol({ name, public_key: jwk }, { signal: context.terminal.signal });
    context.show(made, () => made.token);
    context.note(`Gateway ${made.id}. The token is not shown again.`);
    return undefined;
  });

  does(gateways.command('revoke <id>').description('revoke a gateway'), run, async (context, _options, [id = '']) => {
    await context.operator().operator.gateways.revoke(id, { signal: context.terminal.signal });
    context.show({ id, revoked: true }, () => `Revoked ${id}.`);
    return undefined;
  });
}

type PublicKey = Parameters<ReturnType<Context['operator']>['operator']['gateways']['enrol']>[0]['public_key'];

function wrongKey(message: string): CliError {
  return new CliError({ code: 'bad_key', message, exitCode: exitCodes.usage });
}

/** Reads the public half; a private key that was given by mistake goes no further. */
async function readKey(file: string): Promise<PublicKey> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw wrongKey(`${file} cannot be read`);
  });
  let jwk: unknown;
  try {
    jwk = JSON.parse(text);
  } catch {
    throw wrongKey(`${file} is not JSON`);
  }
  if (typeof jwk !== 'object' || jwk === null) throw wrongKey(`${file} is no JWK`);
  if ('d' in jwk) throw wrongKey(`${file} holds a private key: give its public half`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is wrong with it, the API says
  return jwk as PublicKey;
}
