import { useSignal } from '@preact/signals';
import type { Me } from '@marvel/sdk';
import { bytesPerGb, formatBytes } from '../../format/bytes.ts';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { useLoad } from '../../session/use-load.ts';
import { Button } from '../../ui/button.tsx';
import { TextField, wrongOf } from '../../ui/field.tsx';
import { LoadView } from '../../ui/load-view.tsx';
import { ProblemNotice } from '../../ui/notice.tsx';
import { Card } from '../../ui/page.tsx';
import { say } from '../../ui/toast.tsx';

function readMarks(text: string): number[] {
  return text
    .split(/[\s,;]+/)
    .filter((part) => part !== '')
    .map((part) => Math.round(Number(part) * bytesPerGb));
}

function MarksForm({ me }: { readonly me: Me }) {
  const text = useSignal(me.low_balance_bytes.map((bytes) => bytes / bytesPerGb).join(', '));
  const save = useAction(async () => {
    const { low_balance_bytes: marks } = await marvel.me.update({ low_balance_bytes: readMarks(text.value) });
    say(marks.length === 0 ? 'No marks' : `Told at ${marks.map((bytes) => formatBytes(bytes)).join(', ')}`);
  });
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        save.run();
      }}
    >
      <TextField
        label="Marks, in GB"
        name="low_balance_bytes"
        placeholder="5, 1"
        hint="balance.low is sent when the balance falls to one of them. Separate them by commas."
        value={text.value}
        onInput={(value) => (text.value = value)}
        wrong={wrongOf(save.problem, 'low_balance_bytes')}
      />
      {save.problem !== undefined && <ProblemNotice problem={save.problem} />}
      <div>
        <Button type="submit" isBusy={save.isBusy}>
          Save the marks
        </Button>
      </div>
    </form>
  );
}

/** The balances of which endpoints are told. */
export function LowBalances() {
  const me = useLoad(async (signal) => marvel.me.get({ signal }));
  return (
    <Card title="Low balance">
      <LoadView of={me} lines={2}>
        {(value) => <MarksForm me={value} />}
      </LoadView>
    </Card>
  );
}
