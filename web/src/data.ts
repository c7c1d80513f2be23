// The document the page shows. The contract is docs/report-data.md; src/ranklens/report/page_json.cpp writes it.

export interface Estimate {
  mean: number | null;
  low: number | null;
  high: number | null;
  n: number;
}

export type Better = "higher" | "lower" | "";
export type Outcome = "supported" | "contradicted" | "undecided";

export interface Verdict {
  claim: string;
  /** The arm it is about, or "". */
  arm: string;
  /** The claim without the arm's name. */
  question: string;
  /** What the claim says of the effect: above the threshold, below it, or closer to zero than it. */
  relation: "greater" | "less" | "within";
  threshold: number;
  level: number;
  outcome: Outcome;
  /** What the interval alone says; another than the outcome where a rule forbids an answer. */
  tendency: Outcome;
  measure: string;
  unit: string;
  effect: Estimate;
  /** Value and interval as they are to be read. */
  effect_text: string;
  interval_text: string;
  effect_size: number | null;
  /** Pairs of numbers behind it, and what there is one of: a seed, or a repeat of a timing. */
  seeds: number;
  each: string;
  reason: string;
  accuracy: Outcome | null;
  accuracy_text: string;
}

export interface Arm {
  id: string;
  label: string;
  description: string;
  reference: boolean;
}

export interface Curve {
  arm: string;
  seed: string;
  epoch: number[];
  seconds: number[];
  train_loss: (number | null)[];
  train_accuracy: (number | null)[];
  validation_loss: (number | null)[];
  validation_accuracy: (number | null)[];
}

export interface Method {
  id: string;
  label: string;
  description: string;
  control: boolean;
}

export interface Metric {
  id: string;
  label: string;
  family: string;
  /** Id of the table its family stands in. */
  table: string;
  unit: string;
  better: Better;
  description: string;
}

export interface Score {
  arm: string;
  method: string;
  values: Record<string, Estimate>;
}

export interface Photo {
  id: string;
  title: string;
  label: string;
  width: number;
  height: number;
  pixels: string;
  mask: string;
}

export interface HeatMap {
  image: string;
  arm: string;
  method: string;
  pixels: string;
  low: number;
  high: number;
  values: Record<string, number | null>;
}

export interface Prediction {
  image: string;
  arm: string;
  classes: { label: string; probability: number }[];
}

export interface Grid {
  title: string;
  note: string;
  layout: "rows" | "tiles" | "gallery";
  columns: number;
  images: string[];
  arms: string[];
  methods: string[];
}

/** A cell is its text, or its text and a smaller second line (an interval). */
export type Cell = string | [string, string];

export interface Table {
  id: string;
  title: string;
  note: string;
  shown: boolean;
  columns: { title: string; unit: string; better: Better; help: string; numeric: boolean }[];
  rows: { group: string; cells: Cell[] }[];
  csv: string;
}

/** Lines of arms over a number, or dots by row; the other list is empty. Places of a line may have names. */
export interface Chart {
  id: string;
  title: string;
  note: string;
  x_title: string;
  y_title: string;
  lines: { arm: string; seed: string; x: number[]; y: (number | null)[]; places: string[] }[];
  dots: { row: string; series: string; value: number | null }[];
}

/** A picture that explains itself, as the address of an SVG within the page. */
export interface Figure {
  title: string;
  note: string;
  picture: string;
}

export interface ReportData {
  format: "ranklens-report";
  version: number;
  title: string;
  lead: string;
  command: string;
  facts: { key: string; value: string }[];
  notes: string[];
  verdicts: Verdict[];
  arms: Arm[];
  curves: Curve[];
  /** What the curves' seconds are called: of the clock, or of the processor. */
  seconds_title: string;
  methods: Method[];
  metrics: Metric[];
  scores: Score[];
  images: Photo[];
  maps: HeatMap[];
  predictions: Prediction[];
  grids: Grid[];
  /** What the charts are about, and a sentence below them. */
  chart_title: string;
  chart_note: string;
  charts: Chart[];
  figures: Figure[];
  tables: Table[];
  /** Name to 256 × 3 bytes of sRGB in base64. */
  colormaps: Record<string, string>;
}

/** The document in the page, or a sentence that says why there is none. */
export function readData(): ReportData | string {
  const text = document.getElementById("data")?.textContent ?? "null";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "The data of this page are damaged: they are not JSON.";
  }
  if (value === null) return "This is the empty page: `ranklens study` and `ranklens explain --report` fill it.";
  const data = value as ReportData;
  if (data.format !== "ranklens-report") return "The data of this page are not a ranklens report.";
  if (data.version !== 1) return `The data of this page have version ${data.version}; this page reads version 1.`;
  return data;
}

/** What the page looks up again and again, indexed once. */
export class Report {
  readonly armIndex: Map<string, number>;
  readonly methodOf: Map<string, Method>;
  readonly photoOf: Map<string, Photo>;
  private readonly mapOf = new Map<string, HeatMap>();
  private readonly predictionOf = new Map<string, Prediction>();

  constructor(readonly data: ReportData) {
    this.armIndex = new Map(data.arms.map((arm, i) => [arm.id, i]));
    this.methodOf = new Map(data.methods.map((method) => [method.id, method]));
    this.photoOf = new Map(data.images.map((photo) => [photo.id, photo]));
    for (const map of data.maps) this.mapOf.set(key(map.image, map.arm, map.method), map);
    for (const one of data.predictions) this.predictionOf.set(key(one.image, one.arm), one);
  }

  map(image: string, arm: string, method: string): HeatMap | undefined {
    return this.mapOf.get(key(image, arm, method));
  }

  prediction(image: string, arm: string): Prediction | undefined {
    return this.predictionOf.get(key(image, arm));
  }

  arm(id: string): Arm | undefined {
    return this.data.arms[this.armIndex.get(id) ?? -1];
  }

  get reference(): Arm | undefined {
    return this.data.arms.find((arm) => arm.reference);
  }

  table(id: string): Table | undefined {
    return this.data.tables.find((table) => table.id === id);
  }
}

function key(...parts: string[]): string {
  return parts.join("\u0000");
}
