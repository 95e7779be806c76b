// Charts: drawn when they come into view, in both themes, on a phone, on paper, and saved as files.
(() => {
  const { pm } = window, { all } = pm;
  const plotlyAddress = document.currentScript.dataset.plotly;

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
  const chart = async (canvas) => {
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
  const saveNumbers = (canvas) => {
    const rows = canvas.closest("figure").querySelectorAll(".chart-numbers tr");
    const text = [...rows].map((row) => [...row.cells].map(csvCell).join(",")).join("\r\n");
    const url = URL.createObjectURL(new Blob(["\ufeff", text, "\r\n"], { type: "text/csv;charset=utf-8" }));
    download(canvas, url, "csv");
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  const save = async (canvas, format) => {
    if (format === "csv") { saveNumbers(canvas); return; }
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
  document.addEventListener("pm:theme", () => all(document, "[data-pm-drawn]").forEach(chart));
  // What comes into view is drawn at once; the rest one at a time while the browser has nothing else to do.
  const undrawn = new Set();
  const draw = (canvas) => { undrawn.delete(canvas); whenSeen.unobserve(canvas); return chart(canvas); };
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

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-pm-save]");
    if (button) save(button.closest("figure").querySelector("[data-pm-chart]"), button.dataset.pmSave);
  });
  pm.starting((root) => drawSoon(all(root, "[data-pm-chart]:not([data-pm-drawn])")));
})();
