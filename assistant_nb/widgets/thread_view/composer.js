/* The box for the next message. */
import { h } from "../panel.js";

/** The box for the next message. @param {any} it @param {() => void} begin called when a message is sent */
export function composer(it, begin) {
  const text = h("textarea", {
    rows: 2,
    dir: "auto",
    "aria-label": "Message",
    placeholder: "Write a message. Ctrl+Enter sends it.",
  });
  const choice = h(
    "select",
    { "aria-label": "Assistant that answers" },
    h("option", { value: "" }, "no run"),
  );
  const send = h("button", { type: "submit", class: "anb-primary" }, "Send");
  const stop = h(
    "button",
    { type: "button", class: "anb-stop", hidden: true, onclick: () => it.ask("stop") },
    "Stop",
  );
  const form = h("form", { class: "anb-composer" }, text, choice, send, stop);
  let waits = false; // for outputs, or a run that another has begun is under way
  let listed = "";
  /** @type {string | undefined} */ let chosen; // at first the newest assistant

  async function load() {
    const found = await it.ask("assistants");
    if (!found || JSON.stringify(found) === listed) return;
    listed = JSON.stringify(found);
    chosen ??= found[0]?.id;
    choice.replaceChildren(
      h("option", { value: "" }, "no run"),
      ...found.map((/** @type {any} */ one) =>
        h("option", { value: one.id, selected: one.id === chosen }, `${one.name} (${one.model})`),
      ),
    );
    choose();
  }
  function choose() {
    send.textContent = choice.value ? "Send and run" : "Send";
  }
  choice.addEventListener("focus", load, { passive: true });
  choice.addEventListener("change", () => ((chosen = choice.value), choose()));
  text.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
  });
  form.addEventListener("submit", submit);
  it.on("sent", (/** @type {any} */ sent) => sent.text === text.value && (text.value = "")); // another view may hold another message
  it.on("running", (/** @type {any} */ { on }) => running(on));

  /** @param {boolean} on */
  function running(on) {
    send.disabled = on;
    offerStop();
    it.say(on ? "The run has begun" : "The run is over");
  }
  function offerStop() {
    if (!send.disabled && !waits && document.activeElement === stop) text.focus();
    stop.hidden = !send.disabled && !waits;
  }
  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (!text.value.trim() || send.disabled) return;
    begin();
    if (choice.value) running(true);
    await it.ask("send_message", { text: text.value, assistant_id: choice.value || null });
    if (choice.value) running(false);
  }
  load();
  return { element: form, waits: (/** @type {boolean} */ on) => ((waits = on), offerStop()) };
}
