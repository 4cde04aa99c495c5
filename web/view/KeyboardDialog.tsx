// What the keys do.
import { useApp } from '../app.js';
import { Dialog } from './Dialog.js';

export function KeyboardDialog() {
  const app = useApp();
  const { texts, overlay, settings } = app;
  const may = app.may.value;
  const rows: readonly (readonly [string, string] | false)[] = [
    ['↑ ↓ ← →', texts.keyMove],
    ['Home End PgUp PgDn', texts.keyMoveFar],
    ['Enter', texts.keyOpen],
    ['Backspace Alt + ↑', texts.keyUp],
    ['Space', texts.keyPreview],
    ['Shift + ↑ ↓', texts.keyExtend],
    ['Ctrl + Space', texts.keyToggle],
    ['Ctrl + A', texts.keyAll],
    ['Esc', texts.keyNone],
    ['/ Ctrl + F', texts.keyFilter],
    ['Ctrl + L', texts.keyPath],
    [texts.keyJumpName, texts.keyJump],
    may.rename && ['F2', texts.rename],
    may.delete && ['Delete', texts.delete],
    may.delete && may.trash && ['Ctrl + Z', texts.undo],
    ['Shift + F10', texts.keyMenu],
    (may.copy || may.move) && ['Ctrl + C X V', texts.keyClipboard],
    may.newFolder && ['N', texts.newFolder],
    may.upload && ['U', texts.uploadFiles],
    may.upload && ['Shift + U', texts.uploadFolder],
    may.download && ['D', texts.download],
    may.share && ['S', texts.share],
    ['I', texts.info],
    ['G L', texts.list],
    ['G G', texts.grid],
    ['?', texts.keyThis],
  ];
  return (
    <Dialog title={texts.keyboardTitle} onClose={() => (overlay.value = undefined)} class="wide">
      <dl class="keys">
        {rows
          .filter((row) => row !== false)
          .map(([keys, does]) => (
            <div key={does}>
              <dt>
                {keys
                  .split(' ')
                  .map((key, index) => (key === '+' ? '+' : <kbd key={index}>{key}</kbd>))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={settings.singleKeys.value}
          onChange={(event) => (settings.singleKeys.value = event.currentTarget.checked)}
        />
        {texts.singleKeys}
      </label>
    </Dialog>
  );
}
