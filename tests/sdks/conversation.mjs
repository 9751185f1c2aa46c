// A streamed conversation with a function by the Node SDK, whose event checks are strict. Run by `run.py`.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import OpenAI from "openai";

const { version } = JSON.parse(readFileSync("node_modules/openai/package.json"));
const client = new OpenAI();
const { assistants, threads } = client.beta;
const tools = [{ type: "function", function: { name: "get_weather", parameters: { type: "object" } } }];
const assistant = await assistants.create({ model: "gpt-4o", tools });
const thread = await threads.create({ messages: [{ role: "user", content: "Where is it warmer?" }] });

const heard = [];
const first = threads.runs
  .stream(thread.id, { assistant_id: assistant.id })
  .on("toolCallCreated", (call) => heard.push(call.type))
  .on("toolCallDone", (call) => heard.push(call.function.arguments));
await first.done();
const run = first.currentRun();
assert.equal(run.status, "requires_action");
assert.deepEqual(heard, ["function", '{"city": "Rome"}', "function", '{"city": "Oslo"}']);

const degrees = { Rome: "18 °C", Oslo: "4 °C" };
const tool_outputs = run.required_action.submit_tool_outputs.tool_calls.map((call) => ({
  tool_call_id: call.id,
  output: degrees[JSON.parse(call.function.arguments).city],
}));
let text = "";
const second = threads.runs
  .submitToolOutputsStream(run.id, { thread_id: thread.id, tool_outputs })
  .on("textDelta", (delta) => (text += delta.value));
const [message] = await second.finalMessages();
assert.equal(text, "It is 18 °C in Rome and 4 °C in Oslo.");
assert.equal(message.content[0].text.value, text);
assert.equal((await second.finalRun()).status, "completed");

const polled = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id, tool_choice: "none" });
assert.equal(polled.status, "completed");

const store = await client.vectorStores.create({ name: "Notes" });
const file = await client.vectorStores.files.uploadAndPoll(store.id, new File(["Apples are red."], "a.txt"));
assert.equal(file.status, "completed");
console.log(`openai ${version} node ${process.versions.node}`);
