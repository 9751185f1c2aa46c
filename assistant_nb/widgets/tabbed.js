/* Tabs: one page of several is shown. */
import { h } from "./panel.js";

/**
 * Tabs: a row of names, one of which is chosen; arrow keys go along it.
 * @param {string} label
 * @param {[string, () => any, string?][]} pages a name, what makes its content, a tooltip
 * @param {number} [chosen] the one to begin with
 * @param {(n: number) => void} [remember] is told which one is chosen
 */
export function tabs(label, pages, chosen = 0, remember = () => {}) {
  const panel = h("div", { class: "anb-panel", role: "tabpanel", tabindex: 0 });
  const row = h("div", { class: "anb-tabs", role: "tablist", "aria-label": label });
  const buttons = pages.map(([name, , title], n) =>
    h(
      "button",
      {
        role: "tab",
        type: "button",
        title,
        onclick: () => choose(n),
        onkeydown: (/** @type {KeyboardEvent} */ e) => go(e, n),
      },
      name,
    ),
  );
  row.append(...buttons);
  /** @param {KeyboardEvent} event @param {number} n */
  function go(event, n) {
    const to = { ArrowRight: n + 1, ArrowLeft: n - 1, Home: 0, End: pages.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose((to + pages.length) % pages.length);
    buttons[chosen].focus();
  }
  /** @param {number} n */
  function choose(n) {
    chosen = n;
    remember(n);
    buttons.forEach((button, k) => {
      button.setAttribute("aria-selected", String(k === n));
      button.tabIndex = k === n ? 0 : -1;
    });
    panel.setAttribute("aria-label", pages[n][0]);
    panel.replaceChildren(pages[n][1]());
  }
  choose(chosen);
  const element = h("div", { class: "anb-tabbed" }, row, panel);
  return { element, panel, refresh: () => choose(chosen) };
}
