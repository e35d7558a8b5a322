// A QR code as a drawing.
import { encode } from "./uqr.mjs";

const ns = "http://www.w3.org/2000/svg";

// picture draws what a camera reads as words: black on white in dark mode too, as readers expect.
export function picture(words) {
  const { data, size } = encode(words, { border: 4 });
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  const path = document.createElementNS(ns, "path");
  path.setAttribute("d", data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join(""));
  svg.append(path);
  return svg;
}
