// What pages do in the browser. Everything works from `data-pm-*` attributes; there are no inline handlers, and each
// piece starts again on what htmx swaps in. Without this file pages still read, sort, filter and send.
(() => {
  const pm = (window.pm = {});
  const plotlyAddress = document.currentScript.dataset.plotly;
  const all = (root, selector) => [...(root.matches?.(selector) ? [root] : []), ...root.querySelectorAll(selector)];

  // --- notices: thing, fault, next step ---------------------------------------------------------------------------
  pm.notice = (title, text = "") => {
    const box = document.getElementById("pm-notices");
    if (!box) return;
    const notice = document.createElement("div");
    notice.className = "notice";
    const words = document.createElement("div");
    const strong = document.createElement("strong");
    strong.textContent = title;
    words.append(strong, text ? ` ${text}` : "");
    const close = document.createElement("button");
    close.type = "button";
    close.className = "dismiss";
    close.textContent = "×";
    close.setAttribute("aria-label", "Dismiss");
    close.dataset.pmDismiss = "";
    notice.append(words, close);
    box.replaceChildren(notice);
  };

  // The text of a failed answer: problem details (RFC 9457) and pages of faults say it themselves, for the rest we do.
  const problemOf = (status, type, body) => {
    if (type?.includes("json")) {
      try {
        const problem = JSON.parse(body);
        return [problem.title ? `${problem.title}.` : "This did not work.", [problem.detail, problem.next_step].filter(Boolean).join(" ")];
      } catch { /* not JSON after all */ }
    }
    const page = body?.match(/<main class="single fault">[^]*<\/main>/)?.[0]; // the head's styles would offend the content policy
    if (page) {
      const said = new DOMParser().parseFromString(page, "text/html");
      const words = [...said.querySelectorAll(".lead, .dim")].map((part) => part.textContent.trim());
      return [`${said.querySelector("h1").textContent}.`, words.join(" ")];
    }
    if (status === 401 || status === 403) return ["You may not do this.", "Sign in again, or ask an administrator for access."];
    if (status === 404) return ["This is no longer here.", "Reload the page to see what there is now."];
    if (status === 413) return ["The file is too large.", "Split it or ask an administrator to raise the limit."];
    if (status === 429) return ["Too many requests.", "Wait a minute and try again."];
    if (status >= 500) return ["The server could not do this.", "Nothing was changed. Try again; if it stays, tell an administrator."];
    return ["This did not work.", `The server answered ${status}.`];
  };

  // A part that is read once, when the page has come, says it in its place instead of seeming to read on for ever.
  const failed = (part, title, text) => {
    const waiting = part?.getAttribute?.("hx-trigger") === "load" && part.querySelector(".job-progress");
    if (!waiting) return pm.notice(title, text);
    const strong = document.createElement("strong");
    strong.textContent = title;
    waiting.className = "problems";
    waiting.replaceChildren(strong, ` ${text}`);
  };
  document.addEventListener("htmx:responseError", ({ detail: { xhr, elt } }) =>
    failed(elt, ...problemOf(xhr.status, xhr.getResponseHeader("Content-Type"), xhr.responseText)));
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, ({ detail: { elt } }) =>
      failed(elt, "The server does not answer.", "Check the connection and try again."));
  }

  // --- charts ------------------------------------------------------------------------------------------------------
  // A figure is Plotly's JSON, built on the server. Colours in it are names of tokens ("token:chart-actual"), so that
  // one figure serves both themes. The layout has no template: ours is built here from the same tokens.
  const plotlyConfig = {
    displaylogo: false, showSendToCloud: false, responsive: true, scrollZoom: false,
    modeBarButtonsToRemove: ["toImage", "lasso2d", "select2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
  };
  let plotlyReady;
  const plotly = () => (plotlyReady ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = plotlyAddress;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => { plotlyReady = undefined; reject(new Error("The chart library did not load.")); };
    document.head.append(script);
  }));
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const coloured = (part) => {
    if (typeof part === "string") return part.startsWith("token:") ? token(part.slice(6)) : part;
    if (Array.isArray(part)) return part.map(coloured);
    if (part && typeof part === "object") return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, coloured(value)]));
    return part;
  };
  const template = () => {
    const axis = {
      gridcolor: token("chart-grid"), linecolor: token("line-strong"), zerolinecolor: token("line-strong"), zeroline: false,
      tickcolor: token("line-strong"), tickfont: { color: token("chart-axis"), size: 11 }, automargin: true, ticks: "", ticklabelstandoff: 5,
      title: { font: { color: token("chart-axis"), size: 11 }, standoff: 8 },
    };
    return { layout: {
      font: { family: token("font"), size: 12, color: token("ink") },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", colorway: [1, 2, 3, 4, 5, 6].map((n) => token(`chart-${n}`)),
      margin: { l: 8, r: 12, t: 8, b: 8 }, xaxis: { ...axis, showgrid: false }, yaxis: axis,
      legend: { orientation: "h", yref: "container", y: 0, yanchor: "bottom", x: 0, font: { color: token("ink-2"), size: 11.5 } },
      hovermode: "x unified", bargap: 0.42,
      hoverlabel: { bgcolor: token("surface"), bordercolor: token("line-strong"), font: { family: token("font"), size: 12, color: token("ink") } },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: token("ink-3"), activecolor: token("ink") },
    } };
  };
  // So many labels of periods as stand side by side in `width`; the server says how many at most.
  const labelsIn = (canvas, width) => {
    const longest = Math.max(...canvas.pmFigure.data.flatMap(({ x }) => x || []).map((label) => String(label).length), 1);
    return Math.min(canvas.pmFigure.nticks, Math.max(3, Math.floor(width / (longest * 6.5 + 16))));
  };
  // On a phone: the legend in two columns, its long names on two lines, and a chart that grows
  // by its further rows; no tools over the lines, and a finger that moves up or down moves the page.
  const onPhone = (canvas, { data, layout }) => {
    const legend = { entrywidth: 0.48, entrywidthmode: "fraction", font: { size: 11 } };
    layout.legend = { ...layout.legend, ...legend };
    layout.dragmode = false;
    const named = data.filter((trace) => trace.name && trace.showlegend !== false);
    named.filter(({ name }) => name.length > 19).forEach((trace) => { trace.name = trace.name.replace(/^(.{8,19}) /, "$1<br>"); });
    const rows = Math.ceil(named.length / 2);
    canvas.dataset.pmHeight ??= canvas.clientHeight;
    if (layout.showlegend !== false && rows > 1) canvas.style.height = `${Number(canvas.dataset.pmHeight) + 22 * (rows - 1)}px`;
  };
  const scalable = (canvas) => all(canvas, ".main-svg").forEach((svg) => { // so that a sheet of paper may shrink it
    svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
    svg.setAttribute("preserveAspectRatio", "xMinYMin meet");
  });
  pm.chart = async (canvas) => {
    try {
      const source = document.getElementById(canvas.dataset.pmChart);
      const figure = coloured(JSON.parse(source.textContent));
      const isPhone = canvas.clientWidth < 520;
      canvas.pmFigure = { data: figure.data, nticks: figure.layout.xaxis?.type === "category" && figure.layout.xaxis.nticks };
      if (canvas.pmFigure.nticks) figure.layout.xaxis.nticks = labelsIn(canvas, canvas.clientWidth);
      if (isPhone) onPhone(canvas, figure);
      const Plotly = await plotly();
      await Plotly.react(canvas, figure.data, { ...figure.layout, template: template() }, { ...plotlyConfig, displayModeBar: isPhone ? false : "hover" });
      if (!("pmDrawn" in canvas.dataset)) canvas.on("plotly_afterplot", () => scalable(canvas));
      scalable(canvas);
      canvas.dataset.pmDrawn = "";
    } catch (error) {
      canvas.innerHTML = '<p class="failed">The chart could not be drawn. Its numbers are in the table below.</p>';
      canvas.closest("figure")?.querySelector("details")?.setAttribute("open", "");
      console.error(error);
    }
  };
  // The caption as Plotly takes it, which reads some marks in a text.
  const captionOf = (canvas) => {
    const parts = all(canvas.closest("figure"), "figcaption > *").map((part) => part.textContent.replaceAll("&", "&amp;").replaceAll("<", "&lt;"));
    return parts[1] ? `${parts[0]}<br><sup>${parts[1]}</sup>` : parts[0];
  };
  // A chart as a file, made here: nothing is sent anywhere. On the page's own ground, since a transparent one hides ink.
  const download = (canvas, href, format) => {
    const link = document.createElement("a");
    const title = canvas.closest("figure").querySelector("figcaption span").textContent;
    link.href = href;
    link.download = `${title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "chart"}.${format}`;
    link.click();
  };
  // A text that a spreadsheet would run as a formula gets an apostrophe; a number never.
  const csvCell = (cell) => {
    const text = "value" in cell.dataset ? cell.dataset.value : cell.textContent.trim();
    const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  pm.chartNumbers = (canvas) => {
    const rows = canvas.closest("figure").querySelectorAll(".chart-numbers tr");
    const text = [...rows].map((row) => [...row.cells].map(csvCell).join(",")).join("\r\n");
    const url = URL.createObjectURL(new Blob(["\ufeff", text, "\r\n"], { type: "text/csv;charset=utf-8" }));
    download(canvas, url, "csv");
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  pm.saveChart = async (canvas, format) => {
    if (format === "csv") { pm.chartNumbers(canvas); return; }
    try {
      const Plotly = await plotly();
      if (!("pmDrawn" in canvas.dataset)) await draw(canvas);
      const title = { text: captionOf(canvas), x: 0, xref: "paper", font: { size: 15 } };
      const layout = { ...canvas.layout, title, paper_bgcolor: token("surface"), margin: { l: 24, r: 24, t: 64, b: 24 } };
      const size = { width: Math.max(canvas.clientWidth, 640), height: Math.max(canvas.clientHeight, 360) };
      download(canvas, await Plotly.toImage({ data: canvas.data, layout }, { format, ...size, scale: format === "png" ? 2 : 1 }), format);
    } catch (error) {
      pm.notice("The picture could not be made.", "Its numbers are in the table below the chart.");
      console.error(error);
    }
  };
  document.addEventListener("pm:theme", () => all(document, "[data-pm-drawn]").forEach(pm.chart));
  // What comes into view is drawn at once; the rest one at a time while the browser has nothing else to do.
  const undrawn = new Set();
  const draw = (canvas) => { undrawn.delete(canvas); whenSeen.unobserve(canvas); return pm.chart(canvas); };
  const whenSeen = new IntersectionObserver((entries) => entries.forEach(({ isIntersecting, target }) => {
    if (isIntersecting) draw(target);
  }), { rootMargin: "300px" });
  const whenIdle = window.requestIdleCallback ?? ((next) => setTimeout(next, 200));
  const drawTheRest = () => whenIdle(async () => {
    undrawn.forEach((canvas) => { if (!canvas.isConnected) undrawn.delete(canvas); });
    const canvas = [...undrawn].find(({ clientWidth }) => clientWidth); // a folded part is drawn when it is opened
    if (!canvas) return;
    await draw(canvas);
    drawTheRest();
  });
  const drawSoon = (canvases) => {
    canvases.forEach((canvas) => { undrawn.add(canvas); whenSeen.observe(canvas); });
    if (canvases.length) drawTheRest();
  };
  // On paper a chart is drawn again as wide as its part of the sheet, so that its words stay readable.
  const sheet = 690;
  const printed = (widthOf) => all(document, "[data-pm-drawn]").forEach((canvas) => {
    const changes = widthOf(canvas);
    if (canvas.pmFigure.nticks) changes["xaxis.nticks"] = labelsIn(canvas, changes.width || canvas.clientWidth);
    window.Plotly.relayout(canvas, changes);
  });
  addEventListener("beforeprint", () => {
    all(document, "[data-pm-chart]:not([data-pm-drawn])").forEach(draw);
    const scale = Math.min(1, sheet / document.querySelector("main").clientWidth);
    printed((canvas) => ({ autosize: false, width: Math.round(canvas.clientWidth * scale) }));
  });
  addEventListener("afterprint", () => printed(() => ({ autosize: true, width: null })));

  // --- lists that are closed to save room on a screen print whole; afterwards they are as they were --------------------
  addEventListener("beforeprint", () => all(document, "details[data-pm-print]:not([open])").forEach((list) => {
    list.dataset.pmPrint = "closed";
    list.open = true;
  }));
  addEventListener("afterprint", () => all(document, "details[data-pm-print=closed]").forEach((list) => {
    list.dataset.pmPrint = "";
    list.open = false;
  }));

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

  // --- upload: drop, progress, and the answer's page ------------------------------------------------------------------
  pm.drop = (form) => {
    const input = form.querySelector("input[type=file]"), name = form.querySelector("[data-pm-file]");
    const bar = form.querySelector("progress"), button = form.querySelector("[type=submit]");
    const show = () => {
      const file = input.files[0];
      name.hidden = !file;
      const [size, unit] = file && file.size >= 1e6 ? [file.size / 1e6, "MB"] : [Math.ceil((file?.size ?? 0) / 1e3), "kB"];
      if (file) name.textContent = `${file.name}, ${size.toLocaleString(undefined, { maximumFractionDigits: 1 })} ${unit}`;
    };
    const over = (event, on) => { event.preventDefault(); form.classList.toggle("over", on); };
    input.addEventListener("change", show);
    form.addEventListener("dragover", (event) => over(event, true));
    form.addEventListener("dragleave", (event) => over(event, false));
    form.addEventListener("drop", (event) => { over(event, false); input.files = event.dataTransfer.files; show(); });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const request = new XMLHttpRequest();
      const stop = (...words) => { bar.hidden = true; button.disabled = false; pm.notice(...words); };
      request.upload.addEventListener("progress", ({ loaded, total }) => { bar.value = (loaded / total) * 100; });
      request.upload.addEventListener("load", () => bar.removeAttribute("value")); // sent; the server is checking it
      request.addEventListener("load", () => {
        const type = request.getResponseHeader("Content-Type");
        if (request.status < 400) location.assign(request.getResponseHeader("HX-Redirect") || request.responseURL);
        else if (request.status === 422 && type?.includes("html")) { // the same page, with what is wrong beside the fields
          const main = request.responseText.match(/<main[^]*<\/main>/)?.[0]; // the head's styles would offend the content policy
          const answer = new DOMParser().parseFromString(main, "text/html").querySelector("main");
          document.querySelector("main").replaceWith(answer);
          htmx.process(answer);
          start(answer);
        }
        else stop(...problemOf(request.status, type, request.responseText));
      });
      request.addEventListener("error", () => stop("The upload broke off.", "Nothing was stored. Check the connection and send it again."));
      bar.hidden = false;
      bar.value = 0;
      button.disabled = true;
      request.open("POST", form.action);
      request.setRequestHeader("HX-Request", "true");
      request.send(new FormData(form));
    });
  };

  // --- what starts where ------------------------------------------------------------------------------------------------
  const start = (root) => {
    drawSoon(all(root, "[data-pm-chart]:not([data-pm-drawn])"));
    all(root, ".tabs [aria-current]").forEach((tab) => { // on a narrow screen the open tab may stand beyond the edge
      const list = tab.closest("ul"), beyond = tab.getBoundingClientRect().right - list.getBoundingClientRect().right;
      if (beyond > 0) list.scrollLeft += beyond + 24;
    });
    for (const kind of ["tree", "grid", "drop"]) {
      all(root, `[data-pm-${kind}]:not([data-pm-started])`).forEach((part) => { part.setAttribute("data-pm-started", ""); pm[kind](part); }); // form.dataset may be its field of that name
    }
  };
  document.addEventListener("htmx:load", ({ detail }) => start(detail.elt));
  start(document.body);

  document.addEventListener("change", ({ target }) => target.closest("[data-pm-autosubmit]")?.requestSubmit());
  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    if (on("[data-pm-theme]")) window.pmTheme.toggle();
    on("[data-pm-dismiss]")?.closest(".notice").remove();
    const opener = on("[data-pm-open]");
    if (opener) document.getElementById(opener.dataset.pmOpen)?.showModal();
    on("[data-pm-close]")?.closest("dialog").close();
    if (on("[data-pm-print]")) print();
    const save = on("[data-pm-save]");
    if (save) pm.saveChart(save.closest("figure").querySelector("[data-pm-chart]"), save.dataset.pmSave);
    document.querySelectorAll("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = document.querySelector("details.menu[open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
    }
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.target.closest("input, textarea, select, [contenteditable]")) {
      const search = document.querySelector("[data-pm-search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    }
  });
})();
