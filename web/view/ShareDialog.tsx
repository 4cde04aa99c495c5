// A link that reads one file without any further sign-in, for a limited time.
import { useRef, useState } from 'preact/hooks';
import type { FileEntry } from '../../src/client/file-client.js';
import { useApp } from '../app.js';
import { Dialog } from './Dialog.js';
import { Icon } from './Icon.js';

const HOUR_SECONDS = 3600;

export function ShareDialog({ entry }: { readonly entry: FileEntry }) {
  const app = useApp();
  const { texts, overlay, format, client } = app;
  const [seconds, setSeconds] = useState(24 * HOUR_SECONDS);
  const [download, setDownload] = useState(false);
  const [made, setMade] = useState<{ readonly url: string; readonly until: string } | undefined>();
  const [isCopied, setCopied] = useState(false);
  const [failure, setFailure] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const spans = [
    [HOUR_SECONDS, texts.hour],
    [24 * HOUR_SECONDS, texts.day],
    [7 * 24 * HOUR_SECONDS, texts.week],
  ] as const;

  const make = async () => {
    try {
      const until = new Date(Date.now() + seconds * 1000).toISOString();
      const url = await client.signRead(entry.path, { expiresSeconds: seconds, download });
      setMade({ url, until });
      setFailure('');
    } catch (error) {
      setFailure(app.explain(error, entry.name).sentence);
    }
  };
  const copy = async () => {
    field.current?.select();
    // Pages without TLS have no clipboard of their own; the selected text can still be copied.
    await navigator.clipboard?.writeText(made?.url ?? '').then(
      () => setCopied(true),
      () => undefined,
    );
  };
  const change = (act: () => void) => {
    act();
    setMade(undefined);
    setCopied(false);
  };
  return (
    <Dialog
      title={texts.shareTitle(entry.name)}
      onClose={() => (overlay.value = undefined)}
      onSubmit={() => void (made === undefined ? make() : copy())}
      class="narrow"
      buttons={
        <button type="submit" class="primary">
          <Icon name={made === undefined ? 'link' : isCopied ? 'check' : 'copy'} />
          {made === undefined ? texts.shareMake : isCopied ? texts.copied : texts.copyLink}
        </button>
      }
    >
      <Choice
        label={texts.shareFor}
        options={spans}
        value={seconds}
        onChoose={(value) => change(() => setSeconds(value))}
      />
      <Choice
        label={texts.shareAs}
        options={[
          [0, texts.shareView],
          [1, texts.shareDownload],
        ]}
        value={download ? 1 : 0}
        onChoose={(value) => change(() => setDownload(value === 1))}
      />
      {made !== undefined && (
        <label class="field">
          <span>{texts.shareLink}</span>
          <input
            ref={field}
            readOnly
            value={made.url}
            onFocus={(event) => event.currentTarget.select()}
          />
        </label>
      )}
      <p class="muted" role="status">
        {made !== undefined && texts.shareUntil(format.dateTime(made.until))}
      </p>
      {failure !== '' && (
        <p class="field-hint error" role="alert">
          {failure}
        </p>
      )}
    </Dialog>
  );
}

function Choice(props: {
  readonly label: string;
  readonly options: readonly (readonly [number, string])[];
  readonly value: number;
  readonly onChoose: (value: number) => void;
}) {
  return (
    <fieldset class="choice">
      <legend>{props.label}</legend>
      <div class="segments">
        {props.options.map(([value, label]) => (
          <label key={value} class="segment">
            <input
              type="radio"
              name={props.label}
              checked={props.value === value}
              onChange={() => props.onChoose(value)}
            />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
