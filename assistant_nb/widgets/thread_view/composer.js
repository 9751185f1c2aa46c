/* The box for the next message. */
import { outputsForm, showForm } from "../outputs.js";
import { h } from "../panel.js";
import { seatForm } from "../seat.js";
import { elementOf } from "./items.js";

/**
 * The id and the label of each assistant. Those of the same name and model are told apart by their ids.
 * @param {{id: string, name: string, model: string}[]} assistants
 */
export function labels(assistants) {
  const plain = assistants.map(({ name, model }) => (name === model ? name : `${name} (${model})`));
  const twice = (/** @type {string} */ label) => plain.indexOf(label) !== plain.lastIndexOf(label);
  return assistants.map(({ id }, n) => [id, twice(plain[n]) ? `${plain[n]} · ${id}` : plain[n]]);
}

/** What is said of runs, or of the responses in a conversation. */
const WORDS = {
  Thread: { run: "run", choice: "Assistant that answers", none: "no run", send: "Send and run" },
  Conversation: {
    run: "response",
    choice: "Model that answers",
    none: "no response",
    send: "Send and answer",
  },
};

/**
 * The box for the next message.
 * @param {any} it @param {"Thread" | "Conversation"} kind
 * @param {() => void} begin called when a message is sent
 */
export function composer(it, kind, begin) {
  const words = WORDS[kind];
  const text = h("textarea", {
    rows: 2,
    dir: "auto",
    "aria-label": "Message",
    placeholder: "Write a message. Ctrl+Enter sends it.",
  });
  const choice = h(
    "select",
    { "aria-label": words.choice },
    h("option", { value: "" }, words.none),
  );
  const send = h("button", { type: "submit", class: "anb-primary" }, "Send");
  const stop = h(
    "button",
    { type: "button", class: "anb-stop", hidden: true, onclick: () => it.ask("stop") },
    "Stop",
  );
  const trouble = h("p", { class: "anb-error", role: "alert" });
  const form = h("form", { class: "anb-composer" }, text, choice, send, stop, trouble);
  const part = h("div", { class: "anb-part" });
  const seated = h("div", { class: "anb-part" });
  const remark = h("p", { class: "anb-remark", role: "status" });
  const copied = h(
    "p",
    { class: "anb-copied", role: "status", hidden: true },
    "This is a copy. The thread itself stays as it is, and so do the ids in the cells below. ",
    h("button", { type: "button", onclick: () => it.ask("back") }, "Back to the thread"),
  );
  let waits = false; // for outputs, or a run that another has begun is under way
  let listed = "";
  /** @type {string | undefined} */ let chosen; // at first the newest assistant

  async function load() {
    const found = await it.ask("assistants");
    if (!found || JSON.stringify(found) === listed) return;
    listed = JSON.stringify(found);
    chosen ??= found[0]?.id;
    choice.replaceChildren(
      h("option", { value: "" }, words.none),
      ...labels(found).map(([id, label]) =>
        h("option", { value: id, selected: id === chosen }, label),
      ),
    );
    choose();
  }
  function choose() {
    send.textContent = choice.value ? words.send : "Send";
  }
  choice.addEventListener("focus", load, { passive: true });
  choice.addEventListener("change", () => ((chosen = choice.value), choose()));
  text.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
  });
  form.addEventListener("submit", submit);
  it.on("sent", (/** @type {any} */ sent) => sent.text === text.value && (text.value = "")); // another view may hold another message
  it.on("seat", (/** @type {any} */ message) => showSeat(message.seat));
  it.on("running", (/** @type {any} */ { on, status }) => running(on, status));

  /** @param {boolean} on @param {string} [status] of the run, once it moves no more */
  function running(on, status) {
    send.disabled = on;
    offerStop();
    if (on) it.say(`The ${words.run} has begun`);
    else if (status) it.say(`The ${words.run} is ${status}`);
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
    trouble.textContent = "";
    if (choice.value) running(true);
    await it
      .request("send_message", { text: text.value, assistant_id: choice.value || null })
      .catch((/** @type {Error} */ error) => (trouble.textContent = error.message));
    if (choice.value) running(false);
  }
  /** @param {any} about */
  function tellAbout(about) {
    waits = about.waits;
    offerStop();
    copied.hidden = !about.copied;
    showSeat(about.seat);
    const { asks } = about;
    if (!asks) showForm(part);
    else if (showForm(part, JSON.stringify(asks), () => outputs(asks)))
      it.say(`The ${words.run} waits for the outputs of its functions`);
  }
  /** @param {{run: string, calls: import("../outputs.js").Asked[], functions: boolean}} asks */
  function outputs({ run, calls, functions }) {
    return outputsForm(it, calls, functions, (given) =>
      it.request("submit", { run_id: run, outputs: given }),
    );
  }
  /** @param {{run: string, tools: any[], prompt: string} | null} seat */
  function showSeat(seat) {
    if (!seat) return showForm(seated);
    if (!showForm(seated, JSON.stringify(seat), () => person(seat))) return;
    remark.textContent = "";
    it.say(`You are the model: a ${words.run} waits for your answer`);
  }
  /** @param {{run: string, tools: any[], prompt: string}} seat */
  function person({ run, tools, prompt }) {
    const asked = h("details", { open: true, class: "anb-prompt" });
    asked.append(h("summary", {}, "What the model is asked"), elementOf(`<div>${prompt}</div>`));
    return seatForm(it, tools, asked, async (said) => {
      const remarks = await it.request("answer", { run_id: run, ...said });
      remark.textContent = remarks.join(" ");
    });
  }
  load();
  return { element: h("div", {}, part, seated, remark, copied, form), tellAbout };
}
