// Short messages: what was done goes by itself, what went wrong stays until it was read.
import { useApp } from '../app.js';
import { Details } from './Folder.js';
import { IconButton } from './Icon.js';

export function Toasts() {
  const { toasts, dismissToast, texts } = useApp();
  return (
    <div class="toasts" aria-live="polite">
      {toasts.value.map(({ id, text, details, isError, action }) => (
        <div key={id} class={isError ? 'toast toast-error' : 'toast'}>
          <div class="toast-text">
            <p>{text}</p>
            {details !== undefined && <Details text={details} />}
          </div>
          {action !== undefined && (
            <button type="button" class="link" onClick={action.run}>
              {action.label}
            </button>
          )}
          <IconButton icon="x" label={texts.close} onClick={() => dismissToast(id)} class="small" />
        </div>
      ))}
    </div>
  );
}
