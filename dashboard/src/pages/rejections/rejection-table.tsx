import type { Key, Rejection, SubUser } from '@marvel/sdk';
import { formatCount } from '../../format/bytes.ts';
import { ErrorCodeLink } from '../../ui/notice.tsx';
import { Moment } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';

interface RejectionTableProps {
  readonly rows: readonly Rejection[];
  /** `undefined` until they are known. */
  readonly keys: readonly Key[] | undefined;
  readonly subUsers: readonly SubUser[];
}

/** Whom a row is about, by a name that a person gave where there is one. */
function credentialName(row: Rejection, { keys, subUsers }: RejectionTableProps): string {
  if (keys === undefined) return '…';
  const key = keys.find(({ id }) => id === row.key);
  if (key !== undefined) return key.label === '' ? key.prefix : key.label;
  const subUser = subUsers.find(({ id }) => id === row.sub_user);
  return subUser?.username ?? row.key ?? row.sub_user ?? row.authorized_source ?? 'unknown';
}

export function RejectionTable(props: RejectionTableProps) {
  return (
    <Table
      caption="Refused requests"
      rows={props.rows}
      rowKey={(row) => [row.code, row.key, row.sub_user, row.authorized_source, row.dialect].join()}
      columns={[
        {
          title: 'Error',
          cell: ({ code, reason }) => (
            <>
              <ErrorCodeLink code={code} />
              <span class="sub">{reason}</span>
            </>
          ),
        },
        { title: 'What fixes it', cell: ({ fix }) => <span class="prose">{fix}</span> },
        {
          title: 'Credential',
          cell: (row) => (
            <>
              {credentialName(row, props)}
              <span class="sub">{row.dialect}</span>
            </>
          ),
        },
        { title: 'Times', right: true, cell: ({ count }) => formatCount(count) },
        { title: 'Last', right: true, cell: ({ last_at }) => <Moment at={last_at} /> },
      ]}
    />
  );
}
