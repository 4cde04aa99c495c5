// What the build makes: see icons-plugin.ts.
declare module 'virtual:icons' {
  /** The shapes of an icon in a square of 24: element names with their attributes. */
  export const ICONS: Readonly<
    Record<string, readonly (readonly [string, Readonly<Record<string, string>>])[]>
  >;
}
declare module '*.css';
