/* Small things about words and numbers: pure. */

/**
 * The field that an error of the API is about: the one it names, or the nearest one around it.
 * `nearest("tools[0].function.name", ["tools", "tools[0]"])` -> `"tools[0]"`
 * @param {string | null | undefined} param @param {Iterable<string>} paths
 */
export function nearest(param, paths) {
  const known = new Set(paths);
  const around = (/** @type {string} */ path) =>
    path.slice(0, Math.max(path.lastIndexOf("."), path.lastIndexOf("["), 0));
  for (let path = param ?? ""; path; path = around(path)) if (known.has(path)) return path;
  return undefined;
}

/**
 * The pieces of so many bytes: `pieces(5, 2)` -> `[[0, 2], [2, 4], [4, 5]]`
 * @param {number} size @param {number} piece
 */
export function pieces(size, piece) {
  return Array.from({ length: Math.ceil(size / piece) }, (_, n) => [
    n * piece,
    Math.min(size, (n + 1) * piece),
  ]);
}

/**
 * A function as a person would write its first line: `signature("add", '{"properties": {"a": {"type": "number"}}}')` ->
 * `"add(a: number)"`
 * @param {string} name @param {string} parameters JSON, perhaps
 */
export function signature(name, parameters) {
  try {
    const given = Object.entries(JSON.parse(parameters || "{}").properties ?? {});
    return `${name}(${given.map(([key, schema]) => `${key}: ${/** @type {any} */ (schema)?.type ?? "any"}`).join(", ")})`;
  } catch {
    return `${name}(…)`;
  }
}

/** `plural(2, "change")` -> `"2 changes"` @param {number} n @param {string} word */
export function plural(n, word) {
  return `${n} ${word}${n === 1 ? "" : "s"}`;
}

/** Code as it goes into a cell. @param {string} dialect @param {string} source */
export function asCell(dialect, source) {
  return dialect === "curl" ? `%%bash\n${source}` : source;
}
