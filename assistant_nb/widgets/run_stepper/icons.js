/* Pictures for the controls, 16 by 16, in the colour of the text. */

/** @type {Record<string, string>} */
const PATHS = {
  back: "M10.5 3l-5 5 5 5",
  step: "M5.5 3l5 5-5 5",
  over: "M2 10a6 6 0 0 1 11.3-2.5M13.6 3.5v4.2H9.4M8 12.5v1",
  to_tool: "M2 3l5 5-5 5M10 5.5h4v5h-4z",
  to_breakpoint: "M2 3l5 5-5 5M12 6a2 2 0 1 0 .01 0",
  to_end: "M3.5 3l5 5-5 5M12.5 3v10",
  stop: "M3.5 3.5h9v9h-9z",
  hold: "M5 3v10M11 3v10",
  release: "M4.5 3v10l8-5z",
  breakpoints: "M8 4a4 4 0 1 0 .01 0",
  what_if: "M9 1.5L3.5 9H8l-1 5.5L12.5 7H8z",
  fork: "M4 2v12M4 9h2.5a5 5 0 0 0 5-5V2.5M9 5l2.5-2.5L14 5",
};

/** @param {string} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
