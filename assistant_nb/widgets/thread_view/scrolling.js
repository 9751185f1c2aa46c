/* Where a reader stands in the list: to the end, to an item, or where it was though items come and go. */

/** @param {HTMLElement} list */
export function scroller(list) {
  let settling = 0; // which way to go is the latest
  for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"])
    list.addEventListener(kind, () => (settling += 1), { passive: true });

  /**
   * Go somewhere, and again when the browser, which measures only what it shows, has moved it: until it has stayed for
   * some frames, or the reader moves.
   * @param {() => void} go @param {() => number} where @param {number} frames
   */
  function settle(go, where, frames) {
    const mine = ++settling;
    let there = NaN;
    let left = frames;
    function again() {
      if (mine !== settling || !left--) return;
      if (where() !== there) {
        go();
        left = frames;
      }
      there = where();
      requestAnimationFrame(again);
    }
    again();
  }

  function toEnd() {
    const height = () => list.scrollHeight;
    settle(() => (list.scrollTop = height()), height, 2);
  }

  /** Go to the end, and again once formulas are drawn: they move it. @param {Promise<void>[]} drawn */
  async function follow(drawn) {
    toEnd();
    const mine = settling;
    await Promise.all(drawn);
    if (mine === settling) toEnd();
  }

  /** Go to an item, and mark it for a moment. @param {HTMLElement} item */
  function toItem(item) {
    const place = () => item.getBoundingClientRect().top - list.getBoundingClientRect().top;
    settle(() => item.scrollIntoView({ block: "center" }), place, 30);
    item.tabIndex = -1;
    item.focus({ preventScroll: true });
    item.classList.add("anb-found");
    setTimeout(() => item.classList.remove("anb-found"), 2000);
  }

  return { toEnd, follow, toItem };
}

/** How far below the view the list ends, in pixels. @param {HTMLElement} list */
export function below(list) {
  return list.scrollHeight - list.scrollTop - list.clientHeight;
}

/** The first item in view, by which the reader's place is known. @param {Element} list @param {Map<string, Element>} items */
export function firstVisible(list, items) {
  const top = list.getBoundingClientRect().top;
  for (const item of items.values()) if (item.getBoundingClientRect().bottom > top) return item;
  return null;
}
