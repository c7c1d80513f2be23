// Numbers as people read them.

/** Four significant digits, thousands with a thin space, never an exponent where a plain number is short. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  // Four digits stand without a gap, as is usual in print.
  if (size >= 1000) return Math.round(value).toLocaleString("en", { useGrouping: size >= 9999.5 })
    .replaceAll(",", "\u2009").replace("-", "−");
  if (size !== 0 && size < 1e-3) return value.toExponential(1).replaceAll("-", "−");
  return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 3).replace("-", "−");
}

export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return `${(100 * value).toFixed(1)} %`;
}

export const arrow = { higher: "↑", lower: "↓", "": "" } as const;
export const arrowMeaning = { higher: "higher is better", lower: "lower is better", "": "" } as const;

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
