// Responses and conversations by the Node SDK: streams, functions, a conversation, a stream read again. Run by `run.py`.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import OpenAI from "openai";

const { version } = JSON.parse(readFileSync("node_modules/openai/package.json"));
const client = new OpenAI({ maxRetries: 0 });
const { conversations, responses } = client;
const model = "gpt-4o";
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };
const tools = [{ type: "function", name: "get_weather", parameters, strict: true }];
const answer = "It is 18 °C in Rome and 4 °C in Oslo.";

const degrees = { Rome: "18 °C", Oslo: "4 °C" };
const outputs = (response) =>
  response.output
    .filter((item) => item.type === "function_call")
    .map(({ call_id, arguments: given }) => ({ type: "function_call_output", call_id, output: degrees[JSON.parse(given).city] }));

const first = await responses.stream({ model, input: "Where is it warmer?", tools }).finalResponse();
assert.equal(outputs(first).length, 2);
let text = "";
const second = responses
  .stream({ model, previous_response_id: first.id, input: outputs(first), tools })
  .on("response.output_text.delta", (event) => (text += event.delta));
assert.equal((await second.finalResponse()).output_text, answer);
assert.equal(text, answer);

const conversation = await conversations.create({ items: [{ type: "message", role: "user", content: "Hello" }] });
const asked = await responses.create({ model, conversation: conversation.id, input: "How many?" });
assert.equal(asked.output_text, "That is question 2.");
const roles = [];
for await (const item of conversations.items.list(conversation.id, { limit: 1 })) roles.push(item.role);
assert.deepEqual(roles, ["assistant", "user", "user"]);

const told = [];
for await (const event of await responses.create({ model, input: "Hello", background: true, stream: true })) told.push(event);
const { id } = told[0].response;
const again = [];
for await (const event of await responses.retrieve(id, { stream: true, starting_after: 2 })) again.push(event);
assert.deepEqual(again, told.slice(3));
const replayed = [];
const reader = responses.stream({ response_id: id, starting_after: 2 }).on("event", (event) => replayed.push(event.sequence_number));
assert.equal((await reader.finalResponse()).output_text, "Let us see.");
assert.deepEqual(replayed, told.slice(3).map((event) => event.sequence_number));

await assert.rejects(responses.create({ model, input: "Fail." }), /out of coffee/);
await assert.rejects(responses.stream({ model, input: "Fail." }).finalResponse(), /out of coffee/);
console.log(`responses: openai ${version} node ${process.versions.node}`);
