import { setTheme, theme, themes } from '../session/theme.ts';

const titles = { system: 'Auto', light: 'Light', dark: 'Dark' } as const;

/** Light, dark, or as the system has it. */
export function ThemeChoice({ id }: { readonly id: string }) {
  return (
    <fieldset>
      <legend class="sr-only">Theme</legend>
      <div class="segmented">
        {themes.map((option) => (
          <label key={option}>
            <input
              type="radio"
              name={`theme-${id}`}
              checked={theme.value === option}
              onChange={() => setTheme(option)}
            />
            {titles[option]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
