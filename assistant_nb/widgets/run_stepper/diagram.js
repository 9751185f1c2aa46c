/* The map of statuses: which a run had, which it has, which it may get. */
import { h } from "../panel.js";

const HALF = [72, 16]; // of a status in the map: its width and height, by two

/**
 * How each status stands to the run: "now", "done" (passed), "next" (a legal move from here) or "far".
 * @param {Record<string, Record<string, string>>} moves @param {string[]} passed @param {boolean} [hides] what is next
 * @returns {Record<string, string>}
 */
export function stands(moves, passed, hides = false) {
  const now = passed.at(-1) ?? "";
  const kind = (/** @type {string} */ status) => {
    if (status === now) return "now";
    if (!hides && status in (moves[now] ?? {})) return "next";
    return passed.includes(status) ? "done" : "far";
  };
  return Object.fromEntries(Object.keys(moves).map((status) => [status, kind(status)]));
}

/**
 * The legal moves as lines: from, to, and whether the run made the move ("done"), can make it now ("next"), or neither.
 * @param {Record<string, Record<string, string>>} moves @param {string[]} passed @param {boolean} [hides] what is next
 * @returns {[string, string, string][]}
 */
export function edges(moves, passed, hides = false) {
  const made = new Set(passed.slice(1).map((status, n) => `${passed[n]} ${status}`));
  const now = passed.at(-1) ?? "";
  const kind = (/** @type {string} */ from, /** @type {string} */ to) => {
    if (from === now && !hides) return "next";
    return made.has(`${from} ${to}`) ? "done" : "far";
  };
  return Object.entries(moves).flatMap(([from, ways]) =>
    Object.keys(ways).map(
      (to) => /** @type {[string, string, string]} */ ([from, to, kind(from, to)]),
    ),
  );
}

/** The statuses that a run had, in order. @param {{status: string}[]} frames */
export const passedBy = (frames) =>
  frames.map(({ status }) => status).filter((status, n, all) => status !== all[n - 1]);

/** @param {HTMLElement} box @param {any} state @param {string} view @param {boolean} hides the next moves */
export function drawDiagram(box, state, view, hides) {
  const { moves, statuses, frames, place } = state;
  const passed = passedBy(frames.slice(0, place + 1));
  const kinds = stands(moves, passed, hides);
  const words = inWords(moves, passed.at(-1), hides);
  const places = Object.entries(statuses).map(([status, { place }]) => [status, ...place]);
  const height = Math.max(206, ...places.map(([, , y]) => y + 20));
  const svg = s("svg", { viewBox: `0 0 666 ${height}`, role: "img", "aria-label": words });
  svg.append(s("defs", {}, tip(view)));
  for (const [from, to, kind] of edges(moves, passed, hides)) {
    if (!(to in statuses)) continue; // a move to a status that has no row of its own
    const d = curve(statuses[from].place, statuses[to].place);
    svg.append(
      s("path", { class: `anb-move anb-${kind}`, d, "marker-end": `url(#anb-tip-${view})` }),
    );
  }
  for (const [status, x, y] of places) svg.append(oval(status, kinds[status], x, y));
  box.replaceChildren(svg, h("p", { class: "anb-mute" }, words));
}

/** @param {Record<string, Record<string, string>>} moves @param {string | undefined} now @param {boolean} hides */
function inWords(moves, now, hides) {
  if (!now) return "The run is not made yet.";
  if (hides) return `Status ${now}.`;
  const ways = Object.entries(moves[now] ?? {}).map(([to, why]) => `${to} (${why})`);
  return `Status ${now}. ${ways.length ? `From here: ${ways.join("; ")}.` : "The run ends there."}`;
}

/** @param {string} status @param {string} kind @param {number} x @param {number} y */
function oval(status, kind, x, y) {
  const [w, d] = HALF;
  const label = s(
    "text",
    { x, y: y + 4, "text-anchor": "middle" },
    status + (kind === "done" ? " \u2713" : ""),
  );
  const line = s("rect", { x: x - w, y: y - d, width: 2 * w, height: 2 * d, rx: d });
  return s("g", { class: `anb-status anb-${kind}` }, line, label);
}

/** The tip of an arrow. @param {string} view */
function tip(view) {
  const box = { viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 6, markerHeight: 6 };
  const path = s("path", { d: "M0 0L8 4L0 8z" });
  return s("marker", { id: `anb-tip-${view}`, ...box, orient: "auto-start-reverse" }, path);
}

/**
 * A move as a curve: along a row past its neighbours above, back along it below, else from edge to edge.
 * @param {[number, number]} from @param {[number, number]} to
 */
function curve([x1, y1], [x2, y2]) {
  const [w, d] = HALF;
  const mid = (x1 + x2) / 2;
  const onwards = x2 > x1;
  if (y1 !== y2) return `M${x1} ${y1 + d}L${x2} ${y2 - d}`;
  if (Math.abs(x2 - x1) < 3 * w)
    return onwards ? `M${x1 + w} ${y1}H${x2 - w}` : `M${x1 - w} ${y1}H${x2 + w}`;
  if (onwards) return `M${x1} ${y1 - d}Q${mid} ${y1 - 62} ${x2} ${y2 - d}`;
  return `M${x1} ${y1 + d}Q${mid} ${y1 + 58} ${x2} ${y2 + d}`;
}

/** @param {string} tag @param {Record<string, any>} attributes @param {...any} children */
function s(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
