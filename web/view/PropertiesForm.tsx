// Type, caching and metadata of a file, to be changed.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { FileProperties } from '../../src/client/file-client.js';
import { useApp } from '../app.js';
import { CancelButton } from './Dialog.js';
import { Icon, IconButton } from './Icon.js';

interface Field {
  readonly name: string;
  readonly value: string;
}

export function PropertiesForm(props: {
  readonly properties: FileProperties;
  readonly onDone: (changed: FileProperties | undefined) => void;
}) {
  const app = useApp();
  const { texts, client } = app;
  const { properties, onDone } = props;
  const [type, setType] = useState(properties.content_type);
  // What is stored is not among the properties: left empty it stays.
  const [caching, setCaching] = useState('');
  const [fields, setFields] = useState<readonly Field[]>(
    Object.entries(properties.metadata).map(([name, value]) => ({ name, value })),
  );
  const first = useRef<HTMLInputElement>(null);
  // In place of the button that opened it; before it is seen, so that nobody is already typing elsewhere.
  useLayoutEffect(() => first.current?.focus(), []);
  const change = (at: number, field: Field) =>
    setFields(fields.map((known, index) => (index === at ? field : known)));

  const save = async () => {
    const kept = fields.filter(({ name }) => name.trim() !== '');
    const gone = Object.keys(properties.metadata).filter(
      (name) => !kept.some((field) => field.name === name),
    );
    const metadata: Record<string, string | null> = Object.fromEntries([
      ...gone.map((name) => [name, null] as const),
      ...kept.map(({ name, value }) => [name.trim(), value] as const),
    ]);
    try {
      // Of what is shown here, and not of what somebody else has stored meanwhile.
      const { etag } = properties;
      const changes = {
        content_type: type,
        metadata,
        ...(caching.trim() === '' ? {} : { cache_control: caching.trim() }),
      };
      onDone(await client.update(properties.path, changes, etag === undefined ? {} : { etag }));
    } catch (error) {
      app.fail(error, properties.name);
    }
  };
  return (
    <form
      class="properties"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <label class="field">
        <span>{texts.type}</span>
        <input ref={first} value={type} onInput={(event) => setType(event.currentTarget.value)} />
      </label>
      <label class="field">
        <span>{texts.cacheControl}</span>
        <input
          value={caching}
          placeholder={texts.asItIs}
          autoComplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setCaching(currentTarget.value)}
        />
      </label>
      <fieldset class="fields">
        <legend>{texts.metadata}</legend>
        {fields.map((field, at) => (
          <div class="field-row" key={at}>
            <input
              aria-label={texts.metadataName}
              value={field.name}
              onInput={({ currentTarget }) => change(at, { ...field, name: currentTarget.value })}
            />
            <input
              aria-label={texts.metadataValue}
              value={field.value}
              onInput={({ currentTarget }) => change(at, { ...field, value: currentTarget.value })}
            />
            <IconButton
              icon="x"
              label={texts.remove}
              onClick={() => setFields(fields.filter((_, index) => index !== at))}
            />
          </div>
        ))}
        <button
          type="button"
          class="link"
          onClick={() => setFields([...fields, { name: '', value: '' }])}
        >
          <Icon name="plus" size={14} />
          {texts.addMetadata}
        </button>
      </fieldset>
      <div class="panel-actions">
        <CancelButton onClick={() => onDone(undefined)} />
        <button type="submit" class="primary">
          {texts.save}
        </button>
      </div>
    </form>
  );
}
