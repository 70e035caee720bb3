// A combobox over a table: type, arrow keys, Enter; follows the ARIA combobox pattern with a listbox popup.
import { useEffect, useId, useRef, useState } from 'react';

export interface Choice {
  id: number;
  label: string;
  detail?: string;
}

interface Props {
  label: string;
  placeholder?: string;
  search: (text: string) => Promise<Choice[]>;
  onPick: (choice: Choice) => void;
  /** The text shown at first, for a field that holds one choice. */
  initial?: string;
  /** Called when the text no longer names the picked choice. */
  onClear?: () => void;
  /** Empties the field after a pick, for adding several. */
  clearOnPick?: boolean;
  hideLabel?: boolean;
}

export function Typeahead({ label, placeholder, search, onPick, initial = '', onClear, clearOnPick, hideLabel }: Props) {
  const id = useId();
  const [text, setText] = useState(initial);
  const [choices, setChoices] = useState<Choice[]>([]);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const turn = useRef(0);
  const field = useRef<HTMLInputElement>(null);
  const find = useRef(search);
  find.current = search;

  useEffect(() => {
    const wanted = text.trim();
    if (!open || wanted.length < 1) {
      setChoices([]);
      return;
    }
    const mine = ++turn.current;
    const timer = setTimeout(async () => {
      const found = await find.current(wanted);
      if (mine !== turn.current) return;
      setChoices(found);
      setActive(0);
    }, 120);
    return () => clearTimeout(timer);
  }, [text, open]);

  // The choice may change from outside (filters cleared, a name looked up), but never under the hands of who types.
  useEffect(() => {
    if (document.activeElement !== field.current) setText(initial);
  }, [initial]);

  function pick(choice: Choice) {
    turn.current++;
    onPick(choice);
    setText(clearOnPick ? '' : choice.label);
    setOpen(false);
    setChoices([]);
  }

  const shown = open && choices.length > 0;
  return (
    <div className="typeahead">
      <label htmlFor={id} className={hideLabel ? 'unseen' : undefined}>
        {label}
      </label>
      <input
        id={id}
        ref={field}
        type="text"
        role="combobox"
        autoComplete="off"
        spellCheck={false}
        placeholder={placeholder}
        aria-autocomplete="list"
        aria-expanded={shown}
        aria-controls={`${id}-list`}
        aria-activedescendant={shown ? `${id}-${active}` : undefined}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setOpen(true);
          onClear?.();
        }}
        onBlur={() => setOpen(false)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' && choices.length > 0) {
            event.preventDefault();
            setOpen(true);
            setActive((active + 1) % choices.length);
          } else if (event.key === 'ArrowUp' && choices.length > 0) {
            event.preventDefault();
            setActive((active + choices.length - 1) % choices.length);
          } else if (event.key === 'Enter' && shown) {
            event.preventDefault();
            pick(choices[active]!);
          } else if (event.key === 'Escape') {
            setOpen(false);
          }
        }}
      />
      <ul id={`${id}-list`} role="listbox" aria-label={label} hidden={!shown}>
        {choices.map((choice, i) => (
          <li
            key={choice.id}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === active}
            onMouseDown={(event) => {
              event.preventDefault();
              pick(choice);
            }}
          >
            {choice.label}
            {choice.detail && <small>{choice.detail}</small>}
          </li>
        ))}
      </ul>
      <span className="unseen" role="status">
        {shown ? `${choices.length} suggestions` : ''}
      </span>
    </div>
  );
}
