// A view whose code comes when it is first needed.
import { h } from 'preact';
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** Code that is asked for once. */
export interface Lazy<Props> {
  readonly load: () => Promise<ComponentType<Props>>;
}

/** A view that `load` brings. */
export function lazy<Props>(load: () => Promise<ComponentType<Props>>): Lazy<Props> {
  let asked: Promise<ComponentType<Props>> | undefined;
  return { load: () => (asked ??= load()) };
}

/** The view once its code is there; nothing before. */
export function Suspense<Props extends object>({
  view,
  ...props
}: { readonly view: Lazy<Props> } & Props) {
  const [found, setFound] = useState<{ readonly View: ComponentType<Props> } | undefined>();
  useEffect(() => {
    void view.load().then((View) => setFound({ View }));
  }, [view]);
  // What is left of the properties is the view's own.
  return found === undefined ? null : h(found.View, props as unknown as Props);
}
