// Where the focus goes when what had it is no longer there: to the list, so that the keyboard goes on.

/** Gives the focus to the list, or to what stands in its place. */
export function focusEntries(): void {
  const element = document.getElementById('entries') ?? document.getElementById('no-entries');
  element?.focus({ preventScroll: true });
}

/** From now on no focus is lost: not by a deletion, by another folder, or by a message that goes. */
export function keepFocus(): void {
  let last: EventTarget | null = null;
  addEventListener('focusin', ({ target }) => (last = target));
  // Browsers tell nobody that the element which had the focus was taken out of the document.
  new MutationObserver(() => {
    const { activeElement, body } = document;
    if (activeElement !== null && activeElement !== body) return;
    if (!(last instanceof HTMLElement) || last.isConnected) return;
    // What a dialog covers cannot have the focus.
    const dialog = [...document.querySelectorAll<HTMLElement>('dialog[open]')].at(-1);
    if (dialog === undefined) focusEntries();
    else dialog.focus();
  }).observe(document.body, { childList: true, subtree: true });
}
