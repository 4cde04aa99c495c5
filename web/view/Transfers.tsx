// The tray of what is under way: uploads, and work on many entries.
import { useEffect, useState } from 'preact/hooks';
import { nameOf } from '../../src/client/path.js';
import { useApp } from '../app.js';
import type { Job } from '../model/jobs.js';
import { secondsLeft } from '../model/rate.js';
import type { KeptUpload } from '../model/kept-uploads.js';
import { isOver } from '../model/transfer.js';
import type { Transfer, TransferState } from '../model/transfer.js';
import { chooseAgain } from './choose.js';
import { Details } from './Folder.js';
import { EntryIcon, Icon, IconButton } from './Icon.js';

// How often the headline is read aloud of one queue: 500 files need not be 500 sentences.
const MOST_SAID = 20;
// Hundreds of lines would help nobody: those that need somebody come first.
const MOST_LINES = 50;

export function Transfers() {
  const { transfers, jobs, texts } = useApp();
  const [isFolded, fold] = useState(false);
  const { all, isActive } = transfers.summary.value;
  const list = transfers.list.value;
  const work = jobs.list.value;
  const broken = transfers.broken.value;
  // Its headline is always there: of one that comes with its text screen readers say nothing.
  if (list.length === 0 && work.length === 0 && broken.length === 0)
    return (
      <section class="hidden">
        <header class="tray-head">
          <Headline />
        </header>
      </section>
    );
  return (
    <section class="tray" aria-label={texts.transfers}>
      <header class="tray-head">
        <Headline />
        {isActive ? (
          <button type="button" class="link" onClick={transfers.cancelAll}>
            {texts.cancelAll}
          </button>
        ) : (
          all > 0 &&
          work.length === 0 && (
            <button type="button" class="link" onClick={transfers.clear}>
              {texts.clearDone}
            </button>
          )
        )}
        <IconButton
          icon={isFolded ? 'arrow-up' : 'chevron-down'}
          label={isFolded ? texts.expand : texts.collapse}
          class="small"
          onClick={() => fold(!isFolded)}
        />
      </header>
      <TotalBar />
      {!isFolded && (
        <ul class="tray-list">
          {broken.map((kept) => (
            <BrokenLine key={kept.path} kept={kept} />
          ))}
          {work.map((job) => (
            <JobLine key={job.id} job={job} />
          ))}
          {linesOf(list).map((transfer) => (
            <TransferLine key={transfer.id} transfer={transfer} />
          ))}
        </ul>
      )}
    </section>
  );
}

const URGENCY: Readonly<Record<string, number>> = {
  conflict: 0,
  failed: 0,
  running: 1,
  finishing: 1,
};

function linesOf(list: readonly Transfer[]): readonly Transfer[] {
  if (list.length <= MOST_LINES) return list;
  const urgency = ({ state }: Transfer) => URGENCY[state.value] ?? (isOver(state.value) ? 3 : 2);
  return list.toSorted((one, other) => urgency(one) - urgency(other)).slice(0, MOST_LINES);
}

function Headline() {
  const { transfers, texts, format } = useApp();
  const { all, done, failed, isActive, sent, size } = transfers.summary.value;
  useTick(isActive);
  const [n, total] = [format.number(done), format.number(all)];
  const speed = transfers.speed();
  const seconds = secondsLeft(size - sent, speed);
  const isRead = done === all || done % Math.ceil(all / MOST_SAID) === 0;
  return (
    <h2>
      {all === 0 && <span>{texts.transfers}</span>}
      <span role="status" aria-busy={!isRead}>
        {all > 0 && (done === all ? texts.allUploaded(all, total) : texts.uploading(n, total))}
        {failed > 0 && <span class="error"> · {texts.failed(format.number(failed))}</span>}
      </span>
      {isActive && seconds !== undefined && (
        <span class="muted">
          {texts.perSecond(format.size(speed))} · {texts.left(format.duration(seconds))}
        </span>
      )}
    </h2>
  );
}

// The speed falls while nothing arrives, and no event says so.
function useTick(isActive: boolean): void {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!isActive) return;
    const timer = setInterval(() => tick((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [isActive]);
}

function TotalBar() {
  const { transfers, texts } = useApp();
  const { all, sent, size, done } = transfers.summary.value;
  if (all === 0) return null;
  const share = size === 0 ? done / all : sent / size;
  return <Bar share={share} label={texts.transfers} />;
}

function Bar({ share, label }: { readonly share: number; readonly label: string }) {
  return (
    <div
      class="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(share * 100)}
    >
      <i style={{ transform: `scaleX(${share})` }} />
    </div>
  );
}

function TransferLine({ transfer }: { readonly transfer: Transfer }) {
  const { transfers, texts } = useApp();
  const { path, state, failure, file, sent } = transfer;
  const name = nameOf(path.value);
  const is = state.value;
  // One button for all that it does in turn, so that it keeps the focus.
  const pause = { icon: 'pause', label: texts.pause, run: transfers.pause };
  const actions: Readonly<Partial<Record<TransferState, typeof pause>>> = {
    waiting: pause,
    running: pause,
    paused: { icon: 'play', label: texts.resume, run: transfers.resume },
    failed: { icon: 'refresh-cw', label: texts.tryAgain, run: transfers.retry },
  };
  const main = actions[is];
  return (
    <li class={`line line-${is}`}>
      <EntryIcon entry={{ type: 'file', name, content_type: file.type }} />
      <div class="line-text">
        <bdi class="line-name" title={path.value}>
          {name}
        </bdi>
        <span class={is === 'failed' ? 'line-state error' : 'line-state muted'}>
          <StateText transfer={transfer} />
        </span>
        {is === 'running' && (
          <span class="bar" aria-hidden="true">
            <i style={{ transform: `scaleX(${file.size === 0 ? 0 : sent.value / file.size})` }} />
          </span>
        )}
        {is === 'failed' && <Details text={failure.value?.details ?? ''} />}
      </div>
      {is === 'done' && <Icon name="check" />}
      {main !== undefined && (
        <IconButton
          icon={main.icon}
          label={`${main.label}: ${name}`}
          class="small"
          onClick={() => main.run(transfer)}
        />
      )}
      {!isOver(is) && (
        <IconButton
          icon="x"
          label={`${texts.cancel}: ${name}`}
          class="small"
          onClick={() => transfers.cancel(transfer)}
        />
      )}
    </li>
  );
}

function StateText({ transfer }: { readonly transfer: Transfer }) {
  const { texts, format } = useApp();
  const { state, sent, file, failure, retryIn } = transfer;
  const share = file.size === 0 ? 0 : sent.value / file.size;
  const says: Readonly<Record<string, string>> = {
    waiting: texts.waiting,
    running: `${format.percent(share)} · ${format.size(file.size)}`,
    finishing: texts.finishing,
    paused: texts.paused,
    offline: texts.waitingForNetwork,
    retrying: texts.retryIn(format.duration(retryIn.value)),
    conflict: failure.value?.sentence ?? '',
    done: `${texts.done} · ${format.size(file.size)}`,
    skipped: texts.skipped,
    cancelled: texts.cancelled,
    failed: failure.value?.sentence ?? '',
  };
  return <>{says[state.value]}</>;
}

/** An upload that a reload has broken off: a page may not open a file that nobody has chosen. */
function BrokenLine({ kept }: { readonly kept: KeptUpload }) {
  const app = useApp();
  const { texts, format, transfers } = app;
  return (
    <li class="line line-broken">
      <EntryIcon entry={{ type: 'file', name: kept.name }} />
      <div class="line-text">
        <bdi class="line-name" title={kept.path}>
          {kept.name}
        </bdi>
        <span class="line-state muted">
          {texts.brokenAt(format.percent(kept.sent / kept.size), format.size(kept.size))}
        </span>
      </div>
      <button
        type="button"
        class="link"
        aria-label={texts.chooseAgain(kept.name)}
        title={texts.chooseAgain(kept.name)}
        onClick={() => chooseAgain(app, kept)}
      >
        {texts.choose}
      </button>
      <IconButton
        icon="x"
        label={`${texts.cancel}: ${kept.name}`}
        class="small"
        onClick={() => transfers.discard(kept)}
      />
    </li>
  );
}

function JobLine({ job }: { readonly job: Job }) {
  const { texts, format, jobs } = useApp();
  const { title, all, done, failures, isOver: over } = job;
  return (
    <li class="line line-job">
      <div class="line-text">
        <span class="line-name">{title}</span>
        {failures.value.length === 0 ? (
          <Bar share={done.value / all} label={title} />
        ) : (
          <>
            <span class="error">
              {texts.errorPartial(format.number(done.value), format.number(all))}
            </span>
            <ul class="failures">
              {failures.value.slice(0, MOST_LINES).map(({ entry, failure }) => (
                <li key={entry.path} title={failure.details}>
                  {failure.sentence}
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
      {over.value && failures.value.length > 0 && (
        <IconButton icon="refresh-cw" label={texts.tryAgain} class="small" onClick={job.retry} />
      )}
      <IconButton
        icon="x"
        label={over.value ? texts.close : texts.cancel}
        class="small"
        onClick={() => (over.value ? jobs.dismiss(job) : job.stop())}
      />
    </li>
  );
}
