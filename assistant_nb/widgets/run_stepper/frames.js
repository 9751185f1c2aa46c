/* What stands around the tabs: the head, the list of frames, the tree of branches, the question to predict. */
import { h } from "../panel.js";

/** @param {HTMLElement} head @param {any} state */
export function drawHead(head, state) {
  const { run, statuses, summary } = state;
  const pill =
    run &&
    h("span", { class: `anb-pill anb-${statuses[run.status]?.colour ?? "run"}-pill` }, run.status);
  const parts = [
    h("b", {}, "Run"),
    h("span", { class: "anb-mono" }, run?.id ?? "not made yet"),
    pill,
    h("span", { class: "anb-mute" }, [run?.model, state.thread].filter(Boolean).join(" · ")),
    h("span", { class: "anb-space" }),
    h("span", { class: "anb-mute" }, summary),
  ];
  head.replaceChildren(...parts.filter(Boolean));
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
  list.children[state.place]?.scrollIntoView({ block: "nearest" });
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
  box.replaceChildren(
    ...branches.map((/** @type {any} */ one) => {
      const show = {
        type: "button",
        class: "anb-link",
        "aria-current": one.shown ? "true" : null,
        onclick: () => change(one.id),
      };
      const beside = {
        type: "button",
        class: "anb-link",
        "aria-label": `Compare with ${one.label}`,
        onclick: () => compare(one.id),
      };
      return h(
        "div",
        { style: `padding-left: ${1.5 * depth(one)}em` },
        one.start ? `from frame ${one.start}: ` : "",
        h("button", show, one.label),
        h("span", { class: "anb-mute" }, ` ${one.status} `),
        !one.shown && h("button", beside, "compare"),
      );
    }),
  );
}

/** @param {HTMLElement} box @param {any} asked @param {(answer: string) => void} make */
export function drawGuess(box, asked, make) {
  box.hidden = !asked || (!asked.question && !asked.told);
  if (box.hidden) return;
  const { question, guessed, told, score } = asked;
  const option = (/** @type {string} */ one) =>
    h(
      "button",
      {
        type: "button",
        "aria-pressed": String(one === guessed),
        disabled: !!guessed,
        onclick: () => make(one),
      },
      one,
    );
  const parts = [
    told && h("p", {}, told),
    question && h("p", {}, h("b", {}, "Predict first: "), question.text),
    ...(question?.options ?? []).map(option),
    h("span", { class: "anb-mute" }, ` score ${score[0]} of ${score[1]}`),
  ];
  box.replaceChildren(...parts.filter(Boolean));
}
