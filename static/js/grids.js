// Tables that keys move about in: the tree of a scorecard, the grid of targets.
(() => {
  const { pm } = window, { all } = pm;

  // --- frames that scroll sideways: by arrow keys too, where nothing in them can be reached ---------------------------
  const reach = (frame) => {
    const beyond = frame.scrollWidth > frame.clientWidth + 1 || frame.scrollHeight > frame.clientHeight + 1;
    const scrolls = beyond && /auto|scroll/.test(getComputedStyle(frame).overflowX);
    if (!scrolls || frame.querySelector("a[href], button, input, select, summary, [tabindex]")) {
      return ["tabindex", "role", "aria-label"].forEach((name) => frame.removeAttribute(name));
    }
    frame.tabIndex = 0;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", frame.querySelector("caption")?.textContent.trim() || "Table");
  };
  const sizes = new ResizeObserver((changed) => changed.forEach(({ target }) => reach(target.closest(".table-frame"))));
  pm.starting((root) => all(root, ".table-frame, .table-frame > table").forEach((part) => sizes.observe(part)));

  // --- trees: arrow keys move, fold and unfold -----------------------------------------------------------------------
  const level = (row) => Number(row.getAttribute("aria-level") || 1);
  const fold = (row, open) => {
    row.setAttribute("aria-expanded", String(open));
    let hiddenBelow = open ? Infinity : level(row);
    for (let next = row.nextElementSibling; next && level(next) > level(row); next = next.nextElementSibling) {
      if (level(next) <= hiddenBelow) hiddenBelow = Infinity;
      next.hidden = level(next) > hiddenBelow;
      if (!next.hidden && next.getAttribute("aria-expanded") === "false") hiddenBelow = level(next);
    }
  };
  pm.tree = (table) => {
    const rows = () => [...table.tBodies[0].rows].filter((row) => !row.hidden);
    const go = (row) => {
      if (!row) return;
      rows().forEach((other) => { other.tabIndex = -1; });
      row.tabIndex = 0;
      row.focus();
    };
    if (rows()[0]) rows()[0].tabIndex = 0;
    rows().filter((row) => row.getAttribute("aria-expanded") === "false").forEach((row) => fold(row, false));
    table.addEventListener("click", (event) => {
      const row = event.target.closest("[data-pm-fold]")?.closest("tr");
      if (row) fold(row, row.getAttribute("aria-expanded") === "false");
    });
    table.addEventListener("keydown", (event) => {
      const row = event.target.closest("tr[aria-level]");
      if (!row || event.target !== row) return;
      const shown = rows(), at = shown.indexOf(row), state = row.getAttribute("aria-expanded");
      const moves = {
        ArrowDown: () => go(shown[at + 1]), ArrowUp: () => go(shown[at - 1]), Home: () => go(shown[0]), End: () => go(shown.at(-1)),
        ArrowRight: () => (state === "false" ? fold(row, true) : state === "true" ? go(shown[at + 1]) : row.querySelector("a")?.focus()),
        ArrowLeft: () => (state === "true" ? fold(row, false) : go(shown.slice(0, at).reverse().find((other) => level(other) < level(row)))),
        Enter: () => row.querySelector("th a")?.click(),
      };
      if (moves[event.key]) { event.preventDefault(); moves[event.key](); }
    });
  };

  // --- grid: arrow keys between cells, a pasted block fills from the cell on and is undone as one -------------------------
  pm.grid = (table) => {
    const cell = (row, column) => table.tBodies[0].rows[row]?.querySelectorAll("input")[column];
    const place = (input) => [input.closest("tr").sectionRowIndex, [...input.closest("tr").querySelectorAll("input")].indexOf(input)];
    const set = (input, value) => {
      if (input.readOnly || input.disabled || input.value === value) return;
      input.value = value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    };
    table.addEventListener("input", ({ target }) =>
      target.closest("td")?.classList.toggle("changed", target.value !== target.defaultValue));
    const kept = table.closest("form")?.querySelector("[data-pm-kept]"); // what stays of a longer target beside a typed number
    const tell = () => {
      const over = all(table, "[data-pm-keeps]").filter((input) => input.value.trim());
      const lines = over.slice(0, 6).map((input) => input.dataset.pmKeeps);
      if (over.length > 6) lines.push(`${over.length - 6} more`);
      kept.querySelector("input").value = over.map((input) => input.name).join(" ");
      kept.querySelector("ul").replaceChildren(...lines.map((line) => Object.assign(document.createElement("li"), { textContent: line })));
      kept.firstElementChild.hidden = !over.length;
    };
    if (kept) { table.addEventListener("input", tell); tell(); }
    const pasted = []; // the blocks, each of [cell, before, after]: what a script sets, the browser's own undo does not know
    const undone = () => {
      if (!pasted.at(-1)?.every(([input, , after]) => input.value === after)) return false; // typed over since: the browser's turn
      pasted.pop().forEach(([input, before]) => set(input, before));
      return true;
    };
    table.addEventListener("keydown", (event) => {
      if (!event.target.matches("input")) return;
      if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === "z") {
        if (undone()) event.preventDefault();
        return;
      }
      if (event.altKey || event.ctrlKey || event.metaKey || (event.shiftKey && event.key !== "Enter")) return; // the browser's: back, by words, selecting
      const { value, selectionStart, selectionEnd } = event.target;
      const [row, column] = place(event.target);
      const whole = selectionStart === 0 && selectionEnd === value.length;
      const next = {
        ArrowDown: () => cell(row + 1, column), Enter: () => cell(row + (event.shiftKey ? -1 : 1), column), ArrowUp: () => cell(row - 1, column),
        ArrowRight: () => (whole || selectionStart === value.length) && cell(row, column + 1),
        ArrowLeft: () => (whole || selectionEnd === 0) && cell(row, column - 1),
      }[event.key]?.();
      if (event.key === "Enter") event.preventDefault();
      if (event.key === "Escape") set(event.target, event.target.defaultValue);
      if (next) { event.preventDefault(); next.focus(); next.select(); }
    });
    table.addEventListener("paste", (event) => {
      if (!event.target.matches("input")) return;
      const text = event.clipboardData.getData("text/plain").replace(/\r\n?/g, "\n").replace(/\n$/, "");
      if (!/[\t\n]/.test(text)) return;
      event.preventDefault();
      const [row, column] = place(event.target);
      let outside = 0;
      const block = [];
      text.split("\n").forEach((line, down) => line.split("\t").forEach((value, across) => {
        const input = cell(row + down, column + across);
        if (!input) { outside += 1; return; }
        const before = input.value;
        set(input, value.trim());
        block.push([input, before, input.value]);
      }));
      pasted.push(block);
      if (outside) pm.notice(`${outside} pasted ${outside === 1 ? "cell lies" : "cells lie"} outside the grid.`, "They were left out; the rest was filled in.");
    });
  };
})();
