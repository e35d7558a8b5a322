// Times as people say them.
import { language } from "./page.mjs";

// ago says how long ago a time was, given in unix seconds, to the minute, hour, day, month or year.
export function ago(time) {
  const minutes = Math.min(0, Math.round((time * 1000 - Date.now()) / 60000));
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  if (minutes > -60) return format.format(minutes, "minute");
  if (minutes > -1440) return format.format(Math.round(minutes / 60), "hour");
  if (minutes > -86400) return format.format(Math.round(minutes / 1440), "day");
  if (minutes > -1051920) return format.format(Math.round(minutes / 43830), "month");
  return format.format(Math.round(minutes / 525960), "year");
}

// day is the date of a time in unix seconds.
export const day = (time) => new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(time * 1000);
