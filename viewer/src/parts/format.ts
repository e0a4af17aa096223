// Figures as people read them. What is not known is a dash, never a zero.
import type { Estimate, Num } from "../data";

export const NOTHING = "–";
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

function digits(value: number, least: number): string {
  const size = Math.abs(value);
  const places = size === 0 ? 0 : Math.max(0, least - 1 - Math.floor(Math.log10(size)));
  return value.toFixed(Math.min(places, 8));
}

export const count = (value: Num): string => (value === null ? NOTHING : whole.format(value));
export const percent = (value: Num): string => {
  if (value === null) return NOTHING;
  const hundred = value * 100;
  // A share that is not everything is not shown as everything.
  const places = (hundred > 99 && hundred < 100) || (hundred > 0 && hundred < 1) ? 1 : 0;
  return `${Math.min(hundred, value < 1 ? 99.9 : 100).toFixed(places)} %`;
};
export const money = (value: Num): string => {
  if (value === null) return NOTHING;
  return `$${Math.abs(value) >= 1 || value === 0 ? value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 }) : digits(value, 2)}`;
};
export const seconds = (value: Num): string => {
  if (value === null) return NOTHING;
  return Math.abs(value) < 1 && value !== 0 ? `${whole.format(value * 1000)} ms` : `${digits(value, value < 10 ? 2 : 3)} s`;
};
export const ratio = (value: Num): string => (value === null ? NOTHING : `${digits(value, 3)}×`);
export const score = (value: Num): string => (value === null ? NOTHING : value.toFixed(2));
export const plural = (many: number, one: string, more = `${one}s`): string => `${count(many)} ${many === 1 ? one : more}`;

export const interval = (estimate: Estimate, written: (value: Num) => string): string =>
  estimate.low === null && estimate.high === null ? "" : `${written(estimate.low)} to ${written(estimate.high)}`;

export const bytes = (value: number): string =>
  value < 1024 ? `${value} B` : value < 1024 ** 2 ? `${whole.format(value / 1024)} KiB` : `${(value / 1024 ** 2).toFixed(1)} MiB`;

/** "2026-11-22 01:02 UTC" of an ISO time; as it is where it is none. */
export const moment = (iso: string | null): string => {
  const at = iso === null ? NaN : Date.parse(iso);
  return Number.isNaN(at) ? (iso ?? NOTHING) : `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
};
