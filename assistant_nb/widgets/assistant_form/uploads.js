/* Files of the person go to the server in pieces. */
import { h } from "../panel.js";
import { button, nextId } from "./controls.js";
import { attach } from "./tools.js";
import { pieces } from "./words.js";

/** @typedef {import("./controls.js").Form} Form */

const PIECE = 512 * 1024; // bytes of an upload that go in one message

/** @param {Form} my @param {string} tool */
export function uploader(my, tool) {
  const id = nextId(my);
  const input = h("input", {
    type: "file",
    multiple: true,
    id,
    "data-key": `upload:${tool}`,
    onchange: choose,
  });
  function choose() {
    my.served.delete(`tool_resources.${tool}`);
    for (const file of input.files) upload(my, file, tool);
  }
  const going = [...my.uploads.values()].filter((one) => one.tool === tool).map((one) => one.part);
  return h(
    "div",
    { class: "anb-upload" },
    h("label", { for: id }, "Upload files"),
    " ",
    input,
    ...going,
  );
}

/** @param {Form} my @param {File} file @param {string} tool */
async function upload(my, file, tool) {
  const id = await my.act("upload_begin", { name: file.name });
  if (!id) return;
  const bar = h("progress", {
    max: Math.max(file.size, 1),
    value: 0,
    "aria-label": `Upload of ${file.name}`,
  });
  let dropped = false;
  const drop = () => void (dropped = true);
  const cancel = button(
    "Cancel",
    drop,
    `upload:${tool}.${id}`,
    `Cancel the upload of ${file.name}`,
  );
  my.uploads.set(id, {
    tool,
    part: h("div", { class: "anb-row" }, h("span", {}, file.name), bar, cancel),
  });
  my.build();
  const place = `tool_resources.${tool}`;
  const wrong = (/** @type {string} */ sentence) =>
    my.served.set(place, [my.served.get(place), sentence].filter(Boolean).join(" "));
  try {
    for (const [start, end] of pieces(file.size, PIECE)) {
      if (dropped) break;
      bar.value = await my.it.call("upload_chunk", { upload: id }, [
        await file.slice(start, end).arrayBuffer(),
      ]);
    }
    const done = await (my.ended = my.ended
      .catch(() => {})
      .then(() => finish(my, id, tool, dropped)));
    if (!done) return;
    if (done.error) wrong(`${file.name} cannot be searched: ${done.error}`);
    my.it.say(done.error ? `${file.name} cannot be searched.` : `${file.name} is there.`);
  } catch (error) {
    wrong(`${file.name} was not uploaded. ${/** @type {any} */ (error).message}`);
  } finally {
    my.uploads.delete(id);
    my.build();
  }
}

/** All pieces have come: make a file of them, unless it is dropped. @param {Form} my @param {string} id @param {string} tool @param {boolean} dropped */
async function finish(my, id, tool, dropped) {
  if (dropped) {
    await my.it.call("upload_drop", { upload: id });
    my.it.say("Cancelled.");
    return undefined;
  }
  if (my.timer) await my.flush();
  const done = await my.it.call("upload_end", { upload: id, tool });
  my.state.names[done.file_id] = done.name;
  my.uploads.delete(id);
  attach(my, tool, done.vector_store_id ?? done.file_id);
  return done;
}
