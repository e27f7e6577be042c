// Instants and durations as people read them. The service's clock counts, not this computer's.

let offset = 0;

/** The Date header of an answer; whole seconds, so that small differences are left alone. */
export function noteServerDate(header) {
  const server = Date.parse(header ?? "");
  if (Number.isNaN(server)) return;
  const difference = server - Date.now();
  offset = Math.abs(difference) > 2000 ? difference : 0;
}

export function now() {
  return Date.now() + offset;
}

/** Seconds from now until an instant; negative when it has passed. */
export function secondsUntil(instant) {
  const at = Date.parse(instant);
  return Number.isNaN(at) ? 0 : (at - now()) / 1000;
}

export function seconds(value) {
  const whole = Math.max(0, Math.round(value));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n) => String(n).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export function time(instant) {
  const at = new Date(instant);
  return Number.isNaN(at.getTime()) ? "" : at.toLocaleTimeString(document.documentElement.lang, { hour12: false });
}

export function day(instant) {
  const at = new Date(instant);
  return Number.isNaN(at.getTime()) ? "" : at.toLocaleDateString(document.documentElement.lang);
}

export function moment(instant) {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return "";
  const style = { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false };
  if (at.getFullYear() !== new Date(now()).getFullYear()) style.year = "numeric";
  return at.toLocaleString(document.documentElement.lang, style);
}
