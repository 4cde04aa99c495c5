// The one menu that may be open: below a button, at the pointer, or as a sheet on a phone.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { App, MenuItem } from '../app.js';
import { useApp } from '../app.js';
import { Icon } from './Icon.js';
import { usePhone } from './hooks.js';

type Groups = readonly (readonly MenuItem[])[];

/** Opens a menu below the button that was pressed. */
export function openMenuBelow(app: App, event: Event, label: string, groups: Groups): void {
  const button = event.currentTarget as HTMLElement;
  const box = button.getBoundingClientRect();
  const alignEnd = box.left > innerWidth / 2;
  app.menu.value = {
    groups,
    label,
    at: { x: alignEnd ? box.right : box.left, y: box.bottom + 4, alignEnd },
  };
}

/** Opens a menu at the pointer. */
export function openMenuAt(
  app: App,
  at: { readonly clientX: number; readonly clientY: number },
  label: string,
  groups: Groups,
): void {
  app.menu.value = { groups, label, at: { x: at.clientX, y: at.clientY, alignEnd: false } };
}

export function Menu() {
  const { menu } = useApp();
  const open = menu.value;
  return open === undefined ? null : <OpenMenu key={open.label + String(open.at.y)} />;
}

function OpenMenu() {
  const { menu } = useApp();
  const isPhone = usePhone();
  const box = useRef<HTMLDivElement>(null);
  const open = menu.value;
  // A button of a row has no place in the order of Tab: the list goes on from there.
  const back = useRef(document.activeElement?.closest('#entries') ?? document.activeElement);
  const close = () => {
    menu.value = undefined;
    if (back.current instanceof HTMLElement) back.current.focus();
  };

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || open === undefined) return;
    if (!isPhone) {
      const { x, y, alignEnd } = open.at;
      const { offsetWidth: width, offsetHeight: height } = element;
      const left = alignEnd ? x - width : x;
      element.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
      element.style.top = `${Math.max(8, Math.min(y, innerHeight - height - 8))}px`;
    }
    itemsOf(element)[0]?.focus();
  }, [open, isPhone]);
  useEffect(() => {
    const onPointer = (event: PointerEvent) => {
      if (!(event.target instanceof Node) || box.current?.contains(event.target) === true) return;
      menu.value = undefined;
    };
    addEventListener('pointerdown', onPointer, true);
    return () => removeEventListener('pointerdown', onPointer, true);
  }, []);

  if (open === undefined) return null;
  return (
    <>
      {isPhone && <div class="scrim" />}
      <div
        ref={box}
        class={isPhone ? 'menu sheet' : 'menu'}
        role="menu"
        aria-label={open.label}
        // The key that has opened it asks for the browser's own menu too.
        onContextMenu={(event) => event.preventDefault()}
        onKeyDown={(event) => {
          const items = itemsOf(event.currentTarget);
          const at = items.indexOf(document.activeElement as HTMLElement);
          const next = nextIndex(event.key, at, items.length);
          if (next !== undefined) {
            event.preventDefault();
            items[next]?.focus();
          }
          if (event.key === 'Escape' || event.key === 'Tab') close();
          event.stopPropagation();
        }}
      >
        {isPhone && <p class="sheet-title">{open.label}</p>}
        {open.groups
          .filter((group) => group.length > 0)
          .map((group, index) => (
            <div class="menu-group" role="group" key={index}>
              {group.map((item) => (
                <button
                  key={item.label}
                  type="button"
                  role={item.isChecked === undefined ? 'menuitem' : 'menuitemradio'}
                  tabIndex={-1}
                  class={item.isDanger === true ? 'menu-item danger' : 'menu-item'}
                  {...(item.isChecked === undefined ? {} : { 'aria-checked': item.isChecked })}
                  onClick={() => {
                    close();
                    item.run();
                  }}
                >
                  <Icon name={item.icon} size={17} />
                  <span class="menu-label">{item.label}</span>
                  {item.isChecked === true && <Icon name="check" size={16} />}
                  {item.keys !== undefined && !isPhone && <kbd>{item.keys}</kbd>}
                </button>
              ))}
            </div>
          ))}
      </div>
    </>
  );
}

function itemsOf(menu: HTMLElement): readonly HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>('button')];
}

function nextIndex(key: string, at: number, count: number): number | undefined {
  if (key === 'ArrowDown') return (at + 1) % count;
  if (key === 'ArrowUp') return (at + count - 1) % count;
  if (key === 'Home') return 0;
  return key === 'End' ? count - 1 : undefined;
}
