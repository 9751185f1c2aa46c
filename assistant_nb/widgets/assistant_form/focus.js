/* The focus stays where a person has put it, or near it, whatever is drawn anew. */
import { nearest } from "./words.js";

/** @typedef {import("./controls.js").Form} Form */

/** Draw what is there anew; the focus stays where it was, or near it. @param {Form} my @param {() => void} draw */
export function keepFocus(my, draw) {
  const at = my.it.root.getRootNode().activeElement;
  const within = my.it.root.contains(at);
  const [key, start, end] = [at?.dataset?.key, at?.selectionStart, at?.selectionEnd];
  draw();
  if (within && !at.isConnected) focusKey(my, key, start, end);
}

/**
 * Go to the part with this key, to one around it, or to the button that is always there.
 * @param {Form} my @param {string} key @param {number} [start] @param {number} [end]
 */
export function focusKey(my, key, start, end) {
  const { root } = my.it;
  const parts = new Map(
    [...root.querySelectorAll("[data-key]:not(details)")].map((part) => [part.dataset.key, part]),
  );
  const found = parts.get(nearest(key, parts.keys()));
  found?.focus();
  if (!root.contains(root.getRootNode().activeElement)) my.parts.save.focus(); // it is gone, or hidden
  if (start == null || !found?.setSelectionRange) return;
  try {
    found.setSelectionRange(start, end);
  } catch {
    /* not a text */
  }
}

/** Go to a field, and tell its mistake. @param {Form} my @param {string | undefined} path */
export function goTo(my, path) {
  const field = path === undefined ? undefined : my.fields.get(path);
  if (!field) return;
  for (let part = field.control; part; part = part.parentElement)
    if (part.tagName === "DETAILS") part.open = true;
  field.control.focus();
  field.error.scrollIntoView({ block: "nearest" });
  my.it.say(field.error.textContent);
}
