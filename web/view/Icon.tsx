// Icons, drawn from data; and the icon that an entry has by its kind.
import { h } from 'preact';
import { ICONS } from 'virtual:icons';
import { kindOf } from '../model/kinds.js';
import type { Kind } from '../model/kinds.js';

/** An icon by its name; it says nothing to a screen reader. */
export function Icon({ name, size = 18 }: { readonly name: string; readonly size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      {ICONS[name]?.map(([element, attributes]) => h(element, attributes))}
    </svg>
  );
}

const KIND_ICONS: Readonly<Record<Kind, string>> = {
  folder: 'folder',
  image: 'image',
  video: 'film',
  audio: 'music',
  pdf: 'file-text',
  text: 'file-text',
  code: 'code',
  sheet: 'sheet',
  archive: 'archive',
  file: 'file',
};

/** What an icon says something of: an entry, or a file that is to become one. */
export type Pictured = Parameters<typeof kindOf>[0] & { readonly addressable?: boolean };

/** The icon of an entry. */
export function EntryIcon(props: { readonly entry: Pictured; readonly size?: number }) {
  const { entry, size = 20 } = props;
  const kind = kindOf(entry);
  return (
    <span class={`kind kind-${kind}`}>
      <Icon name={entry.addressable === false ? 'lock' : KIND_ICONS[kind]} size={size} />
    </span>
  );
}

/** A button that is an icon. */
export function IconButton(props: {
  readonly icon: string;
  readonly label: string;
  readonly onClick: (event: MouseEvent) => void;
  readonly class?: string;
  readonly pressed?: boolean;
  readonly expanded?: boolean;
  readonly tabIndex?: number;
}) {
  return (
    <button
      type="button"
      class={`icon-button ${props.class ?? ''}`}
      aria-label={props.label}
      title={props.label}
      onClick={props.onClick}
      {...(props.pressed === undefined ? {} : { 'aria-pressed': props.pressed })}
      {...(props.expanded === undefined
        ? {}
        : { 'aria-expanded': props.expanded, 'aria-haspopup': 'menu' as const })}
      {...(props.tabIndex === undefined ? {} : { tabIndex: props.tabIndex })}
    >
      <Icon name={props.icon} />
    </button>
  );
}
