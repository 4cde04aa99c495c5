// undici's entry replaces the dispatcher behind the host's own fetch; these parts of it, which have no types of their own, do not.
declare module 'undici/lib/dispatcher/client.js' {
  export { Client as default } from 'undici';
}

declare module 'undici/lib/core/symbols.js' {
  const symbols: { readonly kParser: symbol };
  export default symbols;
}
