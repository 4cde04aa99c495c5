// Names of files: where an extension begins, a name beside one that is taken, a name cut in its middle.

/** Where the extension of a name begins, its dot included; the name's length when there is none. */
export function extensionAt(name: string): number {
  const double = /\.tar\.\w{1,4}$/i.exec(name)?.index;
  const dot = double ?? name.lastIndexOf('.');
  const isExtension = dot > 0 && name.length - dot <= 12 && dot < name.length - 1;
  return isExtension ? dot : name.length;
}

/** `name (2).ext`, with the first number that is not taken. */
export function nameBeside(name: string, isTaken: (name: string) => boolean): string {
  const at = extensionAt(name);
  const [stem, extension] = [name.slice(0, at).replace(/ \(\d+\)$/, ''), name.slice(at)];
  for (let number = 2; ; number += 1) {
    const candidate = `${stem} (${number})${extension}`;
    if (!isTaken(candidate)) return candidate;
  }
}

/** A name in two parts: the first may be cut where room is short, the second stays. */
export function splitForDisplay(name: string): readonly [head: string, tail: string] {
  if (name.length <= SHORT) return [name, ''];
  // By user-perceived character: a cut inside an emoji would show two broken halves.
  const characters = Array.from(new Intl.Segmenter().segment(name), ({ segment }) => segment);
  const extension = name.length - extensionAt(name);
  const kept = Math.min(Math.max(extension + 4, 8), 16);
  if (characters.length <= kept + 6) return [name, ''];
  return [characters.slice(0, -kept).join(''), characters.slice(-kept).join('')];
}

// What is shorter fits into the narrowest column.
const SHORT = 14;

/** Why a text cannot be a name here; undefined when it can. */
export function whyNoName(
  name: string,
): 'empty' | 'dots' | 'slash' | 'backslash' | 'control' | 'long' | undefined {
  const trimmed = name.trim();
  if (trimmed === '') return 'empty';
  if (trimmed === '.' || trimmed === '..') return 'dots';
  if (name.includes('/')) return 'slash';
  if (name.includes('\\')) return 'backslash';
  // Control characters, and those that turn the direction of a text.
  if (/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(name))
    return 'control';
  return new TextEncoder().encode(name).length > 255 ? 'long' : undefined;
}
