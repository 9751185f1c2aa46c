/* A message or a run in the list: an element made of what Python sends, with what can be pressed. */
import { download, h } from "../panel.js";

/** HTML that Python has made safe, as an element. @param {string} html */
export function elementOf(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const list of template.content.querySelectorAll("ul, ol")) list.setAttribute("dir", "auto");
  return /** @type {any} */ (template.content.firstElementChild);
}

/**
 * Show the last blocks of a message that grows; the first `keep` stay as they are.
 * @param {Element | undefined} item @param {number} keep @param {string[]} blocks @param {any} it
 */
export function grow(item, keep, blocks, it) {
  const content = item?.querySelector(".anb-content");
  if (!content) return;
  while (content.children.length > keep) /** @type {Element} */ (content.lastElementChild).remove();
  for (const block of blocks) {
    const made = elementOf(block);
    content.append(made);
    it.draw(content);
  }
}

/** What can be pressed in an item. @param {any} made @param {string} id @param {any} it */
export function decorate(made, id, it) {
  for (const time of made.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    time.textContent = at.toLocaleTimeString();
    time.title = at.toLocaleString();
  }
  for (const link of made.querySelectorAll("a.anb-file")) {
    link.tabIndex = 0;
    link.setAttribute("role", "button");
    link.title = "Save this file";
  }
  for (const mark of made.querySelectorAll("sup.anb-cite")) {
    const number = mark.textContent;
    mark.replaceChildren(
      h(
        "button",
        {
          type: "button",
          class: "anb-link",
          "aria-label": `Source ${number}`,
          "data-note": number,
        },
        number,
      ),
    );
  }
  const raw = h(
    "button",
    {
      type: "button",
      class: "anb-raw",
      "aria-expanded": "false",
      onclick: () => toggleRaw(raw, made, id, it),
    },
    "JSON",
  );
  if (made.tagName === "DETAILS") made.querySelector(".anb-steps").prepend(raw);
  else made.querySelector(".anb-who").append(raw);
}

/** @param {any} button @param {Element} item @param {string} id @param {any} it */
async function toggleRaw(button, item, id, it) {
  const shown = item.querySelector(":scope > .anb-json");
  if (shown) shown.remove();
  else {
    const html = await it.ask("raw", { id });
    if (html) item.append(h("div", { class: "anb-json" }, elementOf(html)));
    it.draw(item);
  }
  button.setAttribute("aria-expanded", String(!shown));
}

/** A citation opens what it cites; a file is saved. @param {any} it @param {any} event */
export async function press(it, event) {
  const note = event.target.closest("[data-note]");
  const link = event.target.closest("a.anb-file");
  if (note) {
    const number = note.dataset.note;
    const fold = [...note.closest("article").querySelectorAll(".anb-note")].find((one) =>
      one.textContent.startsWith(number),
    );
    if (!fold) return;
    fold.open = true;
    fold.querySelector("summary").focus();
  } else if (link) {
    event.preventDefault();
    const file = await it.ask("file", { file_id: link.dataset.file });
    if (!file) return;
    download(file.name, Uint8Array.from(atob(file.base64), (c) => c.charCodeAt(0)).buffer);
    it.say(`${file.name} is saved`);
  }
}
