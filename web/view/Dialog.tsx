// A dialog: the browser's own, so that the focus stays inside and comes back.
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useApp } from '../app.js';
import { focusEntries } from './focus.js';
import { IconButton } from './Icon.js';
import { Toasts } from './Toasts.js';

/** A dialog with a title, what it asks, and its buttons. */
export function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly onSubmit?: () => void;
  readonly class?: string;
  readonly children: ComponentChildren;
  readonly buttons?: ComponentChildren;
}) {
  const { texts } = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const back = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    return () => {
      // While it is open nothing else can have the focus; taken out of the document it gives it to nobody.
      element?.close();
      if (back instanceof HTMLElement && back.isConnected && back !== document.body) back.focus();
      else focusEntries();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`dialog ${props.class ?? ''}`}
      tabIndex={-1}
      aria-labelledby="dialog-title"
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onKeyDown={(event) => event.stopPropagation()}
      onMouseDown={(event) => {
        if (event.target === event.currentTarget) props.onClose();
      }}
    >
      <form
        class="dialog-box"
        onSubmit={(event) => {
          event.preventDefault();
          props.onSubmit?.();
        }}
      >
        <header class="dialog-head">
          <h2 id="dialog-title">{props.title}</h2>
        </header>
        <div class="dialog-body">{props.children}</div>
        {props.buttons !== undefined && <footer class="dialog-foot">{props.buttons}</footer>}
        {/* Behind what the dialog asks: the first field has the focus, not the way out. */}
        <IconButton icon="x" label={texts.close} class="dialog-close" onClick={props.onClose} />
      </form>
      <Toasts place="dialog" />
    </dialog>
  );
}

/** The button that leaves things as they are. */
export function CancelButton({
  onClick,
  hasFocus = false,
}: {
  readonly onClick: () => void;
  readonly hasFocus?: boolean;
}) {
  const { texts } = useApp();
  return (
    <button type="button" class="plain" onClick={onClick} autofocus={hasFocus}>
      {texts.cancel}
    </button>
  );
}
