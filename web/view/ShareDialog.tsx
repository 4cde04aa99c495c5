// A link that reads one file, or one folder, without any further sign-in, for a limited time.
import { useRef, useState } from 'preact/hooks';
import type { Entry } from '../../src/client/file-client.js';
import { useApp } from '../app.js';
import { dayOf, makeLink, secondsUntil } from '../model/link.js';
import type { Link } from '../model/link.js';
import { Choice } from './Choice.js';
import { Dialog } from './Dialog.js';
import { Icon } from './Icon.js';
import { LinkList } from './LinkList.js';

const HOUR_SECONDS = 3600;
const DAY_MS = 24 * HOUR_SECONDS * 1000;
const WEEK_SECONDS = 7 * 24 * HOUR_SECONDS;
/** Chosen by its date. */
const UNTIL = 0;

export function ShareDialog({ entry }: { readonly entry: Entry }) {
  const app = useApp();
  const { texts, overlay, format, client } = app;
  const isSealed = app.offers('share');
  const hasStore = app.may.value.links;
  const isFolder = entry.type === 'folder';
  const [span, setSpan] = useState(24 * HOUR_SECONDS);
  const [day, setDay] = useState(() => dayOf(Date.now() + 3 * DAY_MS));
  const [download, setDownload] = useState(false);
  const [password, setPassword] = useState('');
  const [uses, setUses] = useState('');
  const [made, setMade] = useState<Link | undefined>();
  const [isCopied, setCopied] = useState(false);
  const [failure, setFailure] = useState('');
  const field = useRef<HTMLInputElement>(null);

  const make = async () => {
    const seconds = span === UNTIL ? secondsUntil(day, Date.now()) : span;
    const wish = {
      seconds: Math.min(seconds, WEEK_SECONDS),
      download: download && !isFolder,
      password,
      maxUses: uses === '' ? undefined : Number(uses),
    };
    try {
      setMade(await makeLink(client, entry, wish, isSealed));
      setFailure('');
    } catch (error) {
      const { sentence, details } = app.explain(error, entry.name);
      setFailure(`${sentence} ${details}`);
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
        options={[
          [HOUR_SECONDS, texts.hour],
          [24 * HOUR_SECONDS, texts.day],
          [WEEK_SECONDS, texts.week],
          [UNTIL, texts.untilDay],
        ]}
        value={span}
        onChoose={(value) => change(() => setSpan(value))}
      />
      {span === UNTIL && (
        <label class="field">
          <span>{texts.lastDay}</span>
          <input
            type="date"
            required
            min={dayOf(Date.now())}
            max={dayOf(Date.now() + 7 * DAY_MS)}
            value={day}
            onInput={({ currentTarget }) => change(() => setDay(currentTarget.value))}
          />
        </label>
      )}
      {!isFolder && (
        <Choice
          label={texts.shareAs}
          options={[
            ['view', texts.shareView],
            ['download', texts.shareDownload],
          ]}
          value={download ? 'download' : 'view'}
          onChoose={(value) => change(() => setDownload(value === 'download'))}
        />
      )}
      {isSealed && (
        <div class="field-pair">
          <label class="field">
            <span>{texts.password}</span>
            <input
              type="text"
              autoComplete="off"
              spellcheck={false}
              maxLength={1000}
              placeholder={texts.none}
              value={password}
              onInput={({ currentTarget }) => change(() => setPassword(currentTarget.value))}
            />
          </label>
          {hasStore && (
            <label class="field">
              <span>{texts.maxUses}</span>
              <input
                type="number"
                min={1}
                step={1}
                placeholder={texts.noLimit}
                value={uses}
                onInput={({ currentTarget }) => change(() => setUses(currentTarget.value))}
              />
            </label>
          )}
        </div>
      )}
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
        {made !== undefined &&
          (isFolder ? texts.shareFolderUntil : texts.shareUntil)(format.dateTime(made.until))}
      </p>
      {failure !== '' && (
        <p class="field-hint error" role="alert">
          {failure}
        </p>
      )}
      {hasStore && <LinkList path={entry.path} title={texts.links} version={made} />}
    </Dialog>
  );
}
