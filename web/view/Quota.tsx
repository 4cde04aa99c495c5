// How much room is left, where the host has set a bound.
import { useApp } from '../app.js';

// From here on it is said in a colour.
const NEARLY_FULL = 0.9;

export function Quota() {
  const { usage, texts, format } = useApp();
  const known = usage.value.value;
  if (known === undefined || known.allowed === 0) return null;
  const { used, allowed } = known;
  const share = Math.min(1, used / allowed);
  const text = texts.room(format.size(used), format.size(allowed));
  return (
    <div
      class={share >= NEARLY_FULL ? 'quota quota-full' : 'quota'}
      role="meter"
      aria-label={texts.roomUsed}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      aria-valuetext={text}
      title={text}
    >
      <span class="quota-bar">
        <i style={{ transform: `scaleX(${share})` }} />
      </span>
      <span class="quota-text">{text}</span>
    </div>
  );
}
