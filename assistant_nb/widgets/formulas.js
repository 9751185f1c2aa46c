/* Formulas: their TeX becomes MathML. */

/** For the call of a view: the library that draws formulas, once it has come. @type {WeakMap<Function, Promise<any>>} */
const temmlAsked = new WeakMap();

/** @param {string} source */
async function importTemml(source) {
  const url = URL.createObjectURL(
    new Blob([source, "\nexport default temml;"], { type: "text/javascript" }),
  );
  const library = await import(/* webpackIgnore: true */ url).finally(() =>
    URL.revokeObjectURL(url),
  );
  return library.default;
}

/**
 * Draw the formulas of a part of the page. A text that is no TeX stays as it is.
 * @param {Element} part
 * @param {(name: string) => Promise<any>} call
 */
export async function draw(part, call) {
  const formulas = [...part.querySelectorAll(".anb-tex:not([data-drawn])")];
  if (!formulas.length) return;
  const page = /** @type {any} */ (globalThis);
  // Only what has come is shared: a view that is closed while it asks has no answer.
  if (!page.__anb_temml && !temmlAsked.has(call))
    temmlAsked.set(call, call("temml").then(importTemml));
  const temml = (page.__anb_temml ??= await temmlAsked.get(call));
  for (const formula of formulas) {
    const { tex, display } = undelimited(formula.textContent ?? "");
    formula.setAttribute("data-drawn", "");
    try {
      formula.innerHTML = temml.renderToString(tex, {
        displayMode: display,
        throwOnError: true,
        trust: false,
        annotate: true,
      });
    } catch {
      /* no TeX: its source stays */
    }
  }
}

/**
 * `undelimited("\\(x\\)")` -> `{tex: "x", display: false}`
 * @param {string} source
 */
export function undelimited(source) {
  const pair = [
    ["\\(", "\\)"],
    ["\\[", "\\]"],
    ["$$", "$$"],
    ["$", "$"],
  ].find(
    ([open, close]) =>
      source.startsWith(open) &&
      source.endsWith(close) &&
      source.length >= open.length + close.length,
  );
  if (!pair) return { tex: source, display: true };
  return {
    tex: source.slice(pair[0].length, -pair[1].length),
    display: pair[0] === "\\[" || pair[0] === "$$",
  };
}
