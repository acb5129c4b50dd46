export const root: string;
/** Builds the app and the headless peer into dist/, unless these very sources were built already. */
export function ensureBuilt(): Promise<void>;
