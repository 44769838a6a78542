type Settings = { [key: string]: unknown };

const isSettings = (value: unknown): value is Settings => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `overrides` on top of `settings`, folder by folder as a deployment's configuration nests them; lists are replaced whole. */
export const mergedSettings = (settings: unknown, overrides: unknown): unknown => {
  if (!isSettings(settings) || !isSettings(overrides)) return overrides;
  return Object.fromEntries(
    [...new Set([...Object.keys(settings), ...Object.keys(overrides)])].map((key) => [
      key,
      key in overrides ? mergedSettings(settings[key], overrides[key]) : settings[key],
    ]),
  );
};
