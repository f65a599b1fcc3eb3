import type { Command } from 'commander';
import { fixOf } from '../cli-error.ts';
import { does, type Run } from '../command.ts';
import { exitCodes } from '../exit-code.ts';
import { fields, table } from '../render/table.ts';

/** `availability`, `status` and `errors`: what everybody may ask. */
export function reserveCommands(program: Command, run: Run): void {
  does(
    program.command('availability [country]').description('live exits by country, with their grades'),
    run,
    async (context, _options, [country]) => {
      const call = { signal: context.terminal.signal };
      const { availability } = context.anybody;
      const found = await (country === undefined ? availability.list(call) : availability.get(country, call));
      context.show(found, () =>
        table(
          ['COUNTRY', 'EXITS', 'S', 'A', 'B', 'PURITY', 'DIALS'],
          found.countries.map((row) => [
            row.country,
            String(row.exits),
            String(row.grades.S),
            String(row.grades.A),
            String(row.grades.B),
            row.mean_purity.toFixed(1),
            row.dial_success === null ? '-' : `${Math.round(row.dial_success * 100)} %`,
          ]),
          context.paint,
          'There is no live exit anywhere.',
        ),
      );
      return undefined;
    },
  );

  does(program.command('status').description('how the service is'), run, async (context) => {
    const status = await context.anybody.status.get({ signal: context.terminal.signal });
    context.show(status, () =>
      fields(
        [
          ['service', status.status],
          ['gateways', `${status.gateways_live ?? '?'} of ${status.fleet_size ?? '?'} live`],
          ['API', context.apiUrl],
        ],
        context.paint,
      ),
    );
    return status.status === 'ok' ? undefined : exitCodes.unavailable;
  });

  does(
    program.command('errors [code]').description('explain a failure code, or list them all'),
    run,
    async (context, _options, [code]) => {
      const { data } = await context.anybody.errors.list({ signal: context.terminal.signal });
      const found = code === undefined ? data : data.filter((entry) => entry.code === code);
      if (code !== undefined && found.length === 0) {
        context.terminal.err(`There is no failure ${code}. \`marvel errors\` lists them all.\n`);
        return exitCodes.usage;
      }
      context.show(code === undefined ? found : found[0], () =>
        code === undefined
          ? table(
              ['CODE', 'GATEWAY', 'API', 'MEANING'],
              found.map((entry) => [entry.code, String(entry.marvel ?? '-'), String(entry.api ?? '-'), entry.meaning]),
              context.paint,
              '',
            )
          : fields(
              [
                ['reason', found[0]?.reason ?? ''],
                ['meaning', found[0]?.meaning ?? ''],
                ['fix', found[0]?.fix ?? fixOf(code) ?? ''],
                ['try again', found[0]?.retryable === true ? 'may help' : 'does not help'],
                ['docs', context.docsOf(code)],
              ],
              context.paint,
            ),
      );
      return undefined;
    },
  );
}
