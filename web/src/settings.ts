// How maps are shown: one choice for the whole page, so that equal colours always mean equal values.

export interface MapSettings {
  colors: string;
  alpha: number;
  view: "overlay" | "map" | "difference";
  scale: "own" | "shared";
  outline: boolean;
  size: "s" | "m" | "l";
}

export class Settings {
  private readonly listeners = new Set<() => void>();
  constructor(private current: MapSettings) {}

  get value(): Readonly<MapSettings> {
    return this.current;
  }

  set(change: Partial<MapSettings>): void {
    this.current = { ...this.current, ...change };
    for (const listener of this.listeners) listener();
  }

  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }
}
