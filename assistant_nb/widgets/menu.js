/* Menus that stand above everything on the page, so nothing cuts them off. Escape and a click elsewhere close them. */
import { h } from "./panel.js";

const GAP = 4; // pixels between a button and its menu, and at the edges of the window

/**
 * Where a menu goes: below its button, or above it if there is more room; towards the side that has more room.
 * @param {{left: number, right: number, top: number, bottom: number}} button
 * @param {{width: number, height: number}} page the window
 * @returns {Record<string, string>} the style
 */
export function placed(button, page) {
  const [right, below] = [page.width - button.left, page.height - button.bottom];
  const [toRight, down] = [right >= button.right, below >= button.top];
  const px = (/** @type {number} */ length) => `${Math.round(Math.max(length, GAP))}px`;
  return {
    left: toRight ? px(button.left) : "auto",
    right: toRight ? "auto" : px(page.width - button.right),
    top: down ? px(button.bottom + GAP) : "auto",
    bottom: down ? "auto" : px(page.height - button.top + GAP),
    maxWidth: px((toRight ? right : button.right) - GAP),
    maxHeight: px((down ? below : button.top) - 2 * GAP),
  };
}

/** Let a button open a menu. It goes with its button, and closes when its button leaves the window. @param {any} button @param {...any} content */
export function menu(button, ...content) {
  const box = h("div", { class: "anb-popover", popover: "auto" }, ...content);
  button.popoverTargetElement = box;
  const follow = () => {
    const [at, page] = [button.getBoundingClientRect(), { width: innerWidth, height: innerHeight }];
    Object.assign(box.style, placed(at, page));
    if (at.bottom <= 0 || at.top > page.height) box.hidePopover();
  };
  box.addEventListener("beforetoggle", (/** @type {any} */ { newState }) => {
    if (newState === "open") follow();
    const listen = newState === "open" ? "addEventListener" : "removeEventListener";
    document[listen]("scroll", follow, true); // a page scrolls by itself, too: when a formula is drawn, say
  });
  return box;
}
