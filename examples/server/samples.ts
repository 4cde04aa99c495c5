// Files to look at in the demo, made here: pictures, a tone, a document, a table, texts.
import { deflateSync, crc32 } from 'node:zlib';

/** A file of the demo. */
export interface Sample {
  readonly key: string;
  readonly body: string | Uint8Array;
  readonly contentType: string;
  readonly date: string;
}

const FOLDER = 'application/x-directory';

/** Every sample. */
export function samples(): readonly Sample[] {
  const file = (key: string, body: string | Uint8Array, contentType: string, date: string) => ({
    key,
    body,
    contentType,
    date,
  });
  return [
    file('Inbox/', '', FOLDER, '2026-11-20T08:00:00Z'),
    ...Object.entries(SCENES).map(([name, scene], index) =>
      file(
        `Photos/${name}.png`,
        landscape(scene, 640, 420),
        'image/png',
        `2026-10-${String(11 + index)}T16:2${index}:00Z`,
      ),
    ),
    file(
      'Music/Evening chord.wav',
      chord([220, 277.18, 329.63, 440], 6),
      'audio/wav',
      '2026-09-02T19:00:00Z',
    ),
    file(
      'Music/Morning chord.wav',
      chord([261.63, 329.63, 392], 4),
      'audio/wav',
      '2026-09-03T07:10:00Z',
    ),
    file(
      'Reports/2025/Summary 2025.pdf',
      pdf('Summary 2025', SUMMARY),
      'application/pdf',
      '2026-01-12T09:00:00Z',
    ),
    ...[1, 2, 3, 10].map((month) =>
      file(
        `Reports/2026/Report ${month}.pdf`,
        pdf(`Report ${month}`, SUMMARY),
        'application/pdf',
        `2026-${String(month).padStart(2, '0')}-28T17:00:00Z`,
      ),
    ),
    file('Reports/Visitors.csv', visitors(), 'text/csv', '2026-11-23T06:00:00Z'),
    // Stored twice: the first is an older version where the bucket keeps them.
    file('Team/Plan.md', PLAN.slice(0, 180), 'text/markdown', '2026-11-19T09:12:00Z'),
    file('Team/Plan.md', PLAN, 'text/markdown', '2026-11-24T10:30:00Z'),
    file('Team/Minutes of 12 November.txt', MINUTES, 'text/plain', '2026-11-12T15:45:00Z'),
    file('Private/Salaries.csv', 'name,salary\nnobody,0\n', 'text/csv', '2026-06-01T09:00:00Z'),
    file('Handbook.pdf', pdf('Handbook', HANDBOOK), 'application/pdf', '2026-08-14T11:20:00Z'),
    file('Welcome.md', WELCOME, 'text/markdown', '2026-11-25T07:45:00Z'),
    file('mount-files.ts', CODE, 'text/plain', '2026-11-24T14:05:00Z'),
    file(
      'settings.json',
      '{\n  "region": "eu-west-1",\n  "cacheTtl": 60\n}\n',
      'application/json',
      '2026-11-18T13:00:00Z',
    ),
    file('app.log', log(), 'text/plain', '2026-11-25T08:55:00Z'),
  ];
}

const WELCOME = `# Welcome

These are files in a bucket, and this page is one line in an Express application:

    app.use('/files', filePage(files));

Things to try:

- Drop a file or a whole folder anywhere on the page.
- Open Photos, switch to tiles, press Space on a picture.
- Press ? for what the keys do.
- Become the reader or the member: what they may not do is not there.
- Watch the requests below: who asked, what it cost in calls to storage.
`;

const PLAN = `# Plan

1. Put the file service behind the app
2. Give every team its folder
3. Take the old file server away
`;

const MINUTES = `Minutes of 12 November

Present: Ada, Ben, Cleo
The folder of each team is moved this week. Ben watches the transfers.
Next meeting: 26 November.
`;

const CODE = `import express from 'express';
import { createFileService, roles } from 's3files';
import { filePage } from 's3files/page';

const files = createFileService({
  bucket: 'acme-prod',
  region: 'eu-west-1',
  authorize: roles({ member: [{ path: 'team/**', allow: '*' }] }),
});

express().use('/files', filePage(files)).listen(3000);
`;

const SUMMARY = [
  'Visitors rose in every month but one.',
  'The new storage costs a third of the old one.',
  'No file was lost.',
];
const HANDBOOK = [
  'Everybody has a folder. What lies in Team is for the team,',
  'what lies in Inbox is for whoever empties it.',
  'Ask before you delete.',
];

function visitors(): string {
  const rows = Array.from({ length: 60 }, (_, day) => {
    const date = new Date(Date.UTC(2026, 8, 1 + day)).toISOString().slice(0, 10);
    return `${date},${900 + Math.round(400 * Math.abs(Math.sin(day / 5)))},${40 + (day % 17)}`;
  });
  return `date,visitors,sign-ups\n${rows.join('\n')}\n`;
}

function log(): string {
  const lines = Array.from({ length: 9000 }, (_, index) => {
    const time = new Date(Date.UTC(2026, 10, 25, 0, 0, index * 3)).toISOString();
    return `${time} info request=${index} status=${index % 53 === 0 ? 404 : 200} ms=${3 + (index % 29)}`;
  });
  return `${lines.join('\n')}\n`;
}

type Colour = readonly [number, number, number];

interface Scene {
  readonly sky: readonly [top: Colour, bottom: Colour];
  readonly sun: { readonly x: number; readonly y: number; readonly colour: Colour };
  readonly far: Colour;
  readonly near: Colour;
  readonly seed: number;
}

const SCENES: Readonly<Record<string, Scene>> = {
  'Dawn over the valley': {
    sky: [
      [58, 74, 140],
      [252, 190, 150],
    ],
    sun: { x: 0.68, y: 0.5, colour: [255, 236, 200] },
    far: [176, 138, 170],
    near: [38, 40, 78],
    seed: 1,
  },
  'Blue hour': {
    sky: [
      [14, 28, 66],
      [92, 140, 190],
    ],
    sun: { x: 0.3, y: 0.28, colour: [226, 236, 250] },
    far: [70, 104, 150],
    near: [10, 20, 40],
    seed: 4,
  },
  'Desert evening': {
    sky: [
      [210, 96, 74],
      [252, 204, 120],
    ],
    sun: { x: 0.5, y: 0.62, colour: [255, 244, 214] },
    far: [196, 110, 86],
    near: [84, 34, 44],
    seed: 7,
  },
  'Green hills': {
    sky: [
      [122, 190, 226],
      [228, 242, 236],
    ],
    sun: { x: 0.2, y: 0.2, colour: [255, 252, 236] },
    far: [150, 196, 168],
    near: [28, 88, 66],
    seed: 12,
  },
  'First snow': {
    sky: [
      [158, 176, 204],
      [236, 240, 246],
    ],
    sun: { x: 0.8, y: 0.3, colour: [255, 255, 255] },
    far: [206, 214, 228],
    near: [92, 108, 138],
    seed: 20,
  },
  'Purple ridge': {
    sky: [
      [44, 22, 84],
      [226, 120, 168],
    ],
    sun: { x: 0.42, y: 0.44, colour: [255, 214, 226] },
    far: [140, 74, 140],
    near: [24, 12, 48],
    seed: 33,
  },
};

const LAYERS = 5;

/** Ridges before a sky, each darker than the one behind it. */
function landscape(scene: Scene, width: number, height: number): Buffer {
  return png(width, height, (x, y) => {
    const [u, v] = [x / width, y / height];
    for (let layer = LAYERS; layer >= 1; layer -= 1) {
      if (v > ridge(u, layer, scene.seed))
        return mix(scene.far, scene.near, (layer - 1) / (LAYERS - 1));
    }
    const sky = mix(scene.sky[0], scene.sky[1], Math.min(1, v * 1.5));
    const [dx, dy] = [(u - scene.sun.x) * (width / height), v - scene.sun.y];
    const distance = Math.hypot(dx, dy);
    const glow = distance < 0.055 ? 1 : Math.exp(-distance * 7) * 0.75;
    return mix(sky, scene.sun.colour, glow);
  });
}

function ridge(u: number, layer: number, seed: number): number {
  const wave = (frequency: number, phase: number) => Math.sin(u * frequency + phase * seed);
  const roughness =
    0.5 * wave(3 + layer, layer) + 0.3 * wave(9 + layer, 2.3) + 0.12 * wave(31, 1.7);
  return 0.5 + layer * 0.09 + roughness * (0.13 - layer * 0.012);
}

function mix(one: Colour, other: Colour, share: number): Colour {
  const at = (index: 0 | 1 | 2) => one[index] + (other[index] - one[index]) * share;
  return [at(0), at(1), at(2)];
}

/** A picture, pixel by pixel (PNG, RFC 2083). */
function png(width: number, height: number, colour: (x: number, y: number) => Colour): Buffer {
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const at = y * (1 + width * 3) + 1 + x * 3;
      colour(x, y).forEach((value, channel) => (rows[at + channel] = Math.round(value)));
    }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits a channel, red, green and blue.
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

/** Tones that fade, as 16-bit PCM at 16 kHz. */
function chord(tones: readonly number[], seconds: number): Buffer {
  const rate = 16_000;
  const count = rate * seconds;
  const wav = Buffer.alloc(44 + count * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + count * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(count * 2, 40);
  for (let index = 0; index < count; index += 1) {
    const time = index / rate;
    const fade = Math.min(1, time * 8) * Math.exp(-time * 0.7);
    const sum = tones.reduce((total, tone) => total + Math.sin(2 * Math.PI * tone * time), 0);
    wav.writeInt16LE(Math.round((sum / tones.length) * fade * 20_000), 44 + index * 2);
  }
  return wav;
}

/** One page of text (PDF 1.4). */
function pdf(title: string, lines: readonly string[]): string {
  const text = lines.map((line) => `0 -24 Td (${line.replace(/[()\\]/g, '\\$&')}) Tj`).join('\n');
  const content = `BT /F1 28 Tf 72 700 Td (${title}) Tj /F1 13 Tf 0 -16 Td\n${text}\nET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let body = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const at = body.length;
    body += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const table = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('');
  return `${body}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`;
}
