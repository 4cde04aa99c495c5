// One of a few, side by side.

/** Radio buttons that look like one control. */
export function Choice<Value extends string | number>(props: {
  readonly label: string;
  readonly options: readonly (readonly [Value, string])[];
  readonly value: Value;
  readonly onChoose: (value: Value) => void;
}) {
  return (
    <fieldset class="choice">
      <legend>{props.label}</legend>
      <div class="segments">
        {props.options.map(([value, label]) => (
          <label key={value} class="segment">
            <input
              type="radio"
              name={props.label}
              checked={props.value === value}
              // In a dialog that opens with it, the one that is chosen has the focus.
              autofocus={props.value === value}
              onChange={() => props.onChoose(value)}
            />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
