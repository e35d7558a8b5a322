// Error answers in words.
import { language, text } from "./page.mjs";

let others = () => "";

// alsoExplain adds the words of problems that only some pages meet, so that the sign-in page does not carry them.
export function alsoExplain(words) {
  others = words;
}

// explain says what happened and what helps.
export function explain(problem) {
  const values = {
    wait: duration(problem.retry_after ?? 0),
    tries: problem.tries_left ?? 0,
    reference: problem.instance ?? "–",
  };
  return text("problem." + problem.code, values) || others(problem.code, values) || text("problem.internal", values);
}

// duration puts seconds into words, in the largest unit that fits.
export function duration(seconds) {
  const [unit, size] = seconds >= 5400 ? ["hour", 3600] : seconds >= 90 ? ["minute", 60] : ["second", 1];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(Math.ceil(seconds / size));
}

// countdown calls tick with the seconds left, at once and then each second, and done at the end. It returns a stop function.
export function countdown(seconds, tick, done) {
  const end = performance.now() + seconds * 1000;
  tick(seconds);
  const timer = setInterval(() => {
    const left = Math.ceil((end - performance.now()) / 1000);
    if (left > 0) return tick(left);
    clearInterval(timer);
    done();
  }, 1000);
  return () => clearInterval(timer);
}
