/* What stands around the tabs: the line of the status, the list of frames, the tree of branches, the question to predict. */
import { h } from "../panel.js";

/** What a run had used at a frame, or in all. @param {any} state */
export function usedSoFar({ frames, place, position }) {
  const words = frames[place]?.used;
  const isAll = position.why === "ended" && place === frames.length - 1;
  return words && `${isAll ? "in all" : "so far"}: ${words}`;
}

/** Whether the run's next status is a question to the learner, so that nothing may give it away. @param {any} state */
export const isAsked = ({ guess, place, frames }) =>
  !!guess?.question && place === frames.length - 1;

/** @param {string} status @param {any} state */
const pill = (status, { statuses }) =>
  h("span", { class: `anb-pill anb-${statuses[status]?.colour ?? "run"}-pill` }, status);

/** The status of the frame that is looked at, what may follow it, and how far that is. @param {{now: HTMLElement, about: HTMLElement}} parts @param {any} state */
export function drawStatus({ now, about }, state) {
  const { frames, place, run, moves, position } = state;
  const status = frames[place]?.status;
  const next = isAsked(state) ? ["?"] : Object.keys(moves[status] ?? {});
  const after = next.length ? `next: ${next.join(", ")}` : "an end: nothing follows";
  now.replaceChildren(
    ...(status ? [pill(status, state)] : [h("b", {}, `no ${state.word} yet`)]),
    ...(run && status !== run.status ? [h("span", {}, "now:"), pill(run.status, state)] : []),
    h("span", { class: "anb-mute" }, status ? after : `Step makes the ${state.word}`),
  );
  const count = frames.length && `frame ${place + 1} of ${frames.length}`;
  const words = [count, usedSoFar(state), state.origin, run?.id, run?.model, state.thread];
  if (position.held === false && position.why !== "ended") words.unshift("moves by itself");
  about.textContent = about.title = words.filter(Boolean).join(" · ");
}

/** The rows that are there already stay. @param {HTMLElement} list @param {any} state @param {(place: number) => void} go */
export function drawFrames(list, state, go) {
  state.frames.forEach((/** @type {any} */ one, /** @type {number} */ n) => {
    const key = JSON.stringify(one);
    let row = /** @type {HTMLElement} */ (list.children[n]);
    if (row?.dataset.key !== key) {
      const fresh = frameRow(one, n, key, () => go(n));
      row ? row.replaceWith(fresh) : list.append(fresh);
      row = fresh;
    }
    row.className = `anb-frame${n > state.place ? " anb-later" : ""}`;
    row.setAttribute("aria-selected", String(n === state.place));
  });
  while (list.children.length > state.frames.length) list.lastElementChild?.remove();
  reveal(list, /** @type {HTMLElement} */ (list.children[state.place]));
}

/** Scroll a list, and nothing around it, until a row is in view. @param {HTMLElement} list @param {HTMLElement | undefined} row */
function reveal(list, row) {
  if (!row) return;
  const [seen, one] = [list.getBoundingClientRect(), row.getBoundingClientRect()];
  if (one.top < seen.top) list.scrollTop -= seen.top - one.top;
  else if (one.bottom > seen.bottom) list.scrollTop += one.bottom - seen.bottom;
}

/** @param {any} frame @param {number} n @param {string} key @param {() => void} onclick */
function frameRow(frame, n, key, onclick) {
  const stays = frame.effect && h("small", { title: "cannot be taken back" }, " (stays)");
  const badge = frame.badge && h("span", { class: "anb-pill anb-tool-pill" }, frame.badge);
  return h(
    "div",
    { role: "option", "data-key": key, onclick },
    h("i", {}, String(n + 1)),
    h("span", {}, frame.title, stays),
    badge,
  );
}

/**
 * Draw a part anew if something in it is new; what had the focus in it keeps it.
 * @param {HTMLElement} box @param {any} about what the part shows @param {() => any[]} draw
 */
function redraw(box, about, draw) {
  const key = JSON.stringify(about);
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  const buttons = () => [...box.querySelectorAll("button")];
  const focused = buttons().find((one) => one.matches(":focus"))?.dataset.is;
  box.replaceChildren(...draw().filter(Boolean));
  if (focused)
    buttons()
      .find((one) => one.dataset.is === focused)
      ?.focus();
}

/**
 * @param {HTMLElement} box @param {any} state
 * @param {(id: string) => void} change @param {(id: string) => void} compare
 */
export function drawTree(box, state, change, compare) {
  const { branches } = state;
  box.hidden = branches.length < 2;
  const parent = (/** @type {any} */ one) =>
    branches.find((/** @type {any} */ other) => other.id === one.parent);
  /** @param {any} one @returns {number} */
  const depth = (one) => (parent(one) ? 1 + depth(parent(one)) : 0);
  const link = { type: "button", class: "anb-link" };
  const row = (/** @type {any} */ one) => {
    const show = {
      ...{ ...link, "data-is": one.id, title: `Show this branch: ${one.label}` },
      ...{ "aria-current": one.shown ? "true" : null, onclick: () => change(one.id) },
    };
    const beside = {
      ...{ ...link, "data-is": `compare ${one.id}`, title: "Show both branches side by side." },
      ...{ "aria-label": `Compare with ${one.label}`, onclick: () => compare(one.id) },
    };
    return h(
      "div",
      { style: `padding-left: ${depth(one)}em` },
      ...[one.start ? `from frame ${one.start}: ` : "", h("button", show, one.label)],
      ...[h("span", { class: "anb-mute" }, ` ${one.status} `)],
      !one.shown && h("button", beside, "compare"),
    );
  };
  redraw(box, branches, () => branches.map(row));
}

/** @param {HTMLElement} box @param {any} state @param {(answer: string) => void} make */
export function drawGuess(box, state, make) {
  const asked = state.guess;
  const question = isAsked(state) && asked.question;
  box.hidden = !question && !asked?.told;
  if (box.hidden) return;
  const { guessed, told, score } = asked;
  const option = (/** @type {string} */ one) => {
    const mine = one === guessed;
    const look = { type: "button", "data-is": one, "aria-pressed": String(mine) };
    const off = { "aria-disabled": String(!!guessed), onclick: () => guessed || make(one) };
    return h("button", { ...look, ...off }, mine ? `✓ ${one}` : one);
  };
  redraw(box, [question, guessed, told, score], () => [
    told && h("p", {}, told),
    question && h("p", {}, h("b", {}, "Predict first: "), question.text),
    ...(question?.options ?? []).map(option),
    question && guessed && h("span", {}, "Your guess is set. Step shows what comes. "),
    h("span", { class: "anb-mute" }, ` score ${score[0]} of ${score[1]}`),
  ]);
}
