import { useSignal } from '@preact/signals';
import type { Availability, Status } from '@marvel/sdk';
import { formatTarget } from '@marvel/shared/target';
import { formatPlural } from '../../format/bytes.ts';
import { countryName } from '../../format/country.ts';
import { marvel } from '../../session/api.ts';
import { useLoad } from '../../session/use-load.ts';
import { CopyButton, Secret } from '../../ui/copy.tsx';
import { SelectField, Segmented, TextField } from '../../ui/field.tsx';
import { LoadView } from '../../ui/load-view.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { samples, type SampleName } from './code-samples.ts';
import { connectKey } from './connect-key.ts';
import { LiveTest } from './live-test.tsx';
import { formats, writeProxy, type Format } from './proxy-formats.ts';

const exampleUrl = 'https://api.ipify.org/';
/** Stands for the key while there is none to put in. */
const keyPlaceholder = 'YOUR_KEY';

interface BuilderProps {
  readonly status: Status;
  readonly availability: Availability;
}

function Builder({ status, availability }: BuilderProps) {
  const { countries } = availability;
  const country = useSignal(countries[0]?.country ?? 'US');
  const isSticky = useSignal('rotating');
  const session = useSignal('cart_1');
  const purity = useSignal('');
  const format = useSignal<Format>('url');
  const sample = useSignal<SampleName>('curl');

  const [host, port] = splitAddress(status.gateway_address);
  const password = formatTarget({
    country: country.value,
    ...(isSticky.value === 'sticky' ? { session: session.value } : {}),
    ...(purity.value === '' ? {} : { minPurity: Number(purity.value) }),
  });
  const username = connectKey.value.trim() === '' ? keyPlaceholder : connectKey.value.trim();
  const parts = { host, port, username, password };
  const text = writeProxy(parts, format.value);
  const { code, ...about } = samples[sample.value];
  const program = code(parts, exampleUrl);
  return (
    <div class="columns wide">
      <Card title="What you want">
        <TextField
          label="Key"
          name="key"
          placeholder="mk_live_…"
          autocomplete="off"
          hint={
            <>
              Stays in this tab. The API shows a key once: <a href="/keys">make one</a> and it is filled in here.
            </>
          }
          value={connectKey.value}
          onInput={(value) => (connectKey.value = value)}
        />
        <SelectField
          label="Country"
          name="country"
          value={country.value}
          onChange={(value) => (country.value = value)}
          options={
            countries.length === 0
              ? [['US', countryName('US')]]
              : countries.map((one) => [
                  one.country,
                  `${countryName(one.country)} (${formatPlural(one.exits, 'exit')})`,
                ])
          }
        />
        <Segmented
          label="Exit"
          name="sticky"
          value={isSticky.value}
          onChange={(value) => (isSticky.value = value)}
          options={[
            ['rotating', 'New exit for each connection'],
            ['sticky', 'Keep one exit'],
          ]}
        />
        {isSticky.value === 'sticky' && (
          <TextField
            label="Session"
            name="session"
            hint="Letters, digits, underscore. The same name gets the same exit for 10 minutes."
            value={session.value}
            onInput={(value) => (session.value = value)}
          />
        )}
        <TextField
          label="Least purity"
          name="purity"
          type="number"
          min={0}
          max={100}
          placeholder="any"
          hint="0 to 100; 90 and more is grade S."
          value={purity.value}
          onInput={(value) => (purity.value = value)}
        />
      </Card>
      <div class="stack">
        <Card title="Proxy string">
          <Segmented
            label="Format"
            name="format"
            value={format.value}
            onChange={(value) => (format.value = value === 'colons' || value === 'at' ? value : 'url')}
            options={(['url', 'colons', 'at'] as const).map((one) => [one, formats[one].title])}
          />
          <Secret text={text} what="the proxy string" />
        </Card>
        <LiveTest username={username} password={password} />
      </div>
      <div class="stack span-all">
        <Card title="Code">
          <Tabs
            label="Language or tool"
            value={sample.value}
            onChange={(value) => (sample.value = isSample(value) ? value : 'curl')}
            tabs={Object.entries(samples).map(([name, { title }]) => [name, title])}
          >
            {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reachable with the keyboard */}
            <pre class="code" tabIndex={0} aria-label={`${about.title} code`}>
              <code>{program}</code>
            </pre>
            <div class="cluster apart">
              <span class="soft small">{'needs' in about ? <code>{about.needs}</code> : 'Nothing to install.'}</span>
              <CopyButton text={program} what="the code" />
            </div>
          </Tabs>
        </Card>
      </div>
    </div>
  );
}

function isSample(name: string): name is SampleName {
  return Object.hasOwn(samples, name);
}

function splitAddress(address: string): readonly [string, string] {
  const at = address.lastIndexOf(':');
  return [address.slice(0, at), address.slice(at + 1)];
}

/** A proxy string to paste, code to run, and whether it would get through. */
export function ConnectPage() {
  const loaded = useLoad(async (signal) => {
    const [status, availability] = await Promise.all([
      marvel.status.get({ signal }),
      marvel.availability.list({ signal }),
    ]);
    return { status, availability };
  });
  return (
    <Page title="Connect" lead="Build a proxy string, see whether it would get through, and take the code for it.">
      <LoadView of={loaded} lines={8}>
        {({ status, availability }) => (
          <>
            {availability.countries.length === 0 && (
              <Notice tone="warn" title="The Reserve has no live exit at this moment">
                A proxy string can be built, but a gateway would answer 503 until there is one.
              </Notice>
            )}
            <Builder status={status} availability={availability} />
          </>
        )}
      </LoadView>
    </Page>
  );
}
