// Short messages: what was done goes by itself, what went wrong stays until it was read.
import { useApp } from '../app.js';
import { Details } from './Folder.js';
import { IconButton } from './Icon.js';

/** The messages, in the uppermost place alone: what lies behind a dialog is neither seen nor read. */
export function Toasts({ place }: { readonly place: 'page' | 'preview' | 'dialog' }) {
  const { toasts, dismissToast, texts, overlay, transfers, route } = useApp();
  const hasDialog = overlay.value !== undefined || transfers.conflicts.value.length > 0;
  const uppermost = hasDialog ? 'dialog' : route.value.preview === undefined ? 'page' : 'preview';
  const shown = place === uppermost ? toasts.value : [];
  return (
    <div class="toasts" aria-live="polite">
      {shown.map(({ id, text, details, isError, action }) => (
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
