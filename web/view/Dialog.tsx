// A dialog: the browser's own, so that the focus stays inside and comes back.
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useApp } from '../app.js';
import { IconButton } from './Icon.js';

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
      const list = document.getElementById('entries');
      if (back instanceof HTMLElement && back.isConnected && back !== document.body) back.focus();
      else list?.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`dialog ${props.class ?? ''}`}
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
          <IconButton icon="x" label={texts.close} onClick={props.onClose} />
        </header>
        <div class="dialog-body">{props.children}</div>
        {props.buttons !== undefined && <footer class="dialog-foot">{props.buttons}</footer>}
      </form>
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
